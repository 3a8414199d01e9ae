/** Trust by version, each a click from being compared. */

import { api } from '../../api/client';
import { useData } from '../../api/data';
import { Cards } from '../../parts/cards';
import { Estimate } from '../../parts/estimate';
import { Await, Empty } from '../../parts/states';
import { Term } from '../../parts/term';
import { VerdictName } from '../../parts/verdict';
import { useScope } from '../../state/scope';
import { onward } from '../../state/url';

const LABELS: Record<string, string> = { trust_gap: 'Trust gap', acceptance_rate: 'Acceptance', correctness_rate: 'Correctness' };
const COLUMNS = Object.keys(LABELS);

export function Versions({ feature }: { feature: string }) {
    const { scope } = useScope();
    const query = { ...scope, group_by: 'version' };
    const found = useData(`versions ${feature} ${JSON.stringify(query)}`, () =>
        api.get('/api/v1/features/{feature}/trust', { path: { feature }, query }),
    );
    return (
        <Await of={found}>
            {({ data }) =>
                data.length === 0 ? (
                    <Empty title="Nothing was shown in this range" />
                ) : (
                    <Cards
                        label="Trust by version"
                        heads={
                            <>
                                <th scope="col">Version</th>
                                <th scope="col">Verdict</th>
                                {COLUMNS.map((metric) => (
                                    <th scope="col" key={metric}>
                                        <Term metric={metric} />
                                    </th>
                                ))}
                                <th scope="col">
                                    <span class="hidden">Compare</span>
                                </th>
                            </>
                        }
                    >
                        {data.map((slice, at) => {
                            const version = slice.group['version'] ?? null;
                            const before = data[at - 1]?.group['version'];
                            return (
                                <tr key={version}>
                                    <th scope="row">{version ?? '(none)'}</th>
                                    <td>
                                        <VerdictName verdict={slice.verdict} />
                                    </td>
                                    {COLUMNS.map((metric) => (
                                        <td key={metric} data-label={LABELS[metric]}>
                                            <Estimate metric={metric} value={slice.metrics[metric]} />
                                        </td>
                                    ))}
                                    <td>
                                        {before != null && version !== null && (
                                            <a href={onward('/compare', { feature, baseline: before, candidate: version })}>against {before}</a>
                                        )}
                                    </td>
                                </tr>
                            );
                        })}
                    </Cards>
                )
            }
        </Await>
    );
}

/** How people deal with the steps of an agent, tool by tool. Told where steps have tools, or run by themselves. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { counted } from '../../format/number';
import { dimensionName } from '../../format/words';
import { Cards } from '../../parts/cards';
import { Difference, Estimate } from '../../parts/estimate';
import { Await, Silence } from '../../parts/states';
import { Explained, Term } from '../../parts/term';
import { write } from '../../state/filter';
import { useScope } from '../../state/scope';
import { onward } from '../../state/url';

type Answer = Schemas['ApprovalsResponse'];

const LABELS: Record<string, string> = {
    approved_rate: 'Approved',
    edited_rate: 'Edited',
    rejected_rate: 'Rejected',
    takeover_rate: 'Taken over',
    auto_approval_rate: 'By itself',
    reversal_rate: 'Reversed',
};
const GROWTH = 'Acceptance of users from their 21st step with it on, minus that of the same users at their first five.';

export function Approvals({ feature }: { feature: string }) {
    const { scope } = useScope();
    const load = () => api.get('/api/v1/features/{feature}/approvals', { path: { feature }, query: scope });
    const found = useData(`approvals ${feature} ${JSON.stringify(scope)}`, load, 'analyses');
    return <Await of={found}>{(answer) => (saysSomething(answer) ? <Found {...answer} /> : <Silence />)}</Await>;
}

function saysSomething({ data }: Answer): boolean {
    return data.some(({ tool, metrics }) => tool !== null || (metrics['auto_approval_rate']?.numerator ?? 0) > 0);
}

function Found({ feature, dimension, data }: Answer) {
    const happens = Object.keys(LABELS).filter((metric) => data.some(({ metrics }) => (metrics[metric]?.numerator ?? 0) > 0));
    const grows = data.some(({ growth }) => growth.lower !== null);
    return (
        <Cards
            label="Tools, and how their steps end"
            heads={
                <>
                    <th scope="col">{dimension === null ? 'Steps' : dimensionName(dimension)}</th>
                    {happens.map((metric) => (
                        <th scope="col" key={metric}>
                            <Term metric={metric}>{LABELS[metric]}</Term>
                        </th>
                    ))}
                    {grows && (
                        <th scope="col">
                            <Explained text={GROWTH}>With use</Explained>
                        </th>
                    )}
                </>
            }
        >
            {data.map(({ tool, metrics, growth }) => (
                <tr key={tool}>
                    <th scope="row">
                        {dimension === null ? (
                            'All steps'
                        ) : (
                            <a href={onward('/examples', { feature, filter: write({ dimension, value: tool }) })}>{tool ?? 'no tool'}</a>
                        )}
                        <span class="evidence">
                            {counted(metrics['shown']?.value ?? 0, 'step')} · {counted(metrics['users']?.value ?? 0, 'user')}
                        </span>
                    </th>
                    {happens.map((metric) => (
                        <td key={metric} data-label={LABELS[metric]}>
                            <Estimate metric={metric} value={metrics[metric]} bare />
                        </td>
                    ))}
                    {grows && (
                        <td data-label="With use">
                            {growth.lower === null ? (
                                <span class="none">too few to say</span>
                            ) : (
                                <Difference metric="acceptance_rate" value={growth} />
                            )}
                        </td>
                    )}
                </tr>
            ))}
        </Cards>
    );
}

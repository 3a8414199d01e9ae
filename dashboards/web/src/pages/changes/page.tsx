/** Changes: what to fix next, what was changed to fix it, and whether it worked. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { count, ofDifference, parts } from '../../format/number';
import { date } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { Written } from '../../parts/estimate';
import { Await, Empty } from '../../parts/states';
import { Explained, Term } from '../../parts/term';
import { Title } from '../../parts/title';
import { Says } from '../../parts/verdict';
import { useMay } from '../../session';
import { onward, toFeature, usePlace } from '../../state/url';
import { EffectOf } from './effect';
import { Log } from './log';
import { Next } from './next';
import { DESIGNS, KINDS, VERDICTS } from './words';

export function Changes() {
    const { params } = usePlace();
    const chosen = params.get('entry');
    const admin = useMay('admin');
    if (chosen !== null) return <EffectOf id={chosen} admin={admin} key={chosen} />;
    if (params.get('log') !== null && admin) return <Log />;
    return <All admin={admin} />;
}

function All({ admin }: { admin: boolean }) {
    const found = useData('changes', () => api.get('/api/v1/changes'), 'analyses');
    const log = admin ? (
        <p>
            <a href={onward('/changes', { log: 'yes' })}>Log a change</a>
        </p>
    ) : (
        <p>Logging one takes a key with the scope admin.</p>
    );
    return (
        <>
            <Title lead="What users say is wrong, what was changed to fix it, and whether that worked.">Changes</Title>
            <Next />
            <section class="section" aria-labelledby="log">
                <div class="section-head">
                    <h2 id="log">What was changed</h2>
                    <p>Each against what it would have been without it.</p>
                </div>
                <Await of={found} lines={10}>
                    {({ data, total }) =>
                        data.length === 0 ? (
                            <Empty title="No change yet">
                                <p>Say what you change, when, and by how much it should get better. Calibrant tells whether it did.</p>
                                {log}
                            </Empty>
                        ) : (
                            <>
                                <Cards label="Changes" heads={<Heads of={['Change', 'Feature', 'Verdict', 'Effect']} />}>
                                    {data.map((one) => (
                                        <Row key={one.id} {...one} />
                                    ))}
                                </Cards>
                                <div class="foot">
                                    {total > data.length && (
                                        <p>
                                            The latest {count(data.length)} of {count(total)}.
                                        </p>
                                    )}
                                    {log}
                                </div>
                            </>
                        )
                    }
                </Await>
            </section>
        </>
    );
}

function Row({ id, title, kind, made_at, feature, versions, effect }: Schemas['ListedChange']) {
    const { verdict, design, outcome } = effect;
    return (
        <tr>
            <th scope="row">
                <a href={onward('/changes', { entry: id })}>{title}</a>
                <span class="evidence">
                    {KINDS[kind]} · {date(made_at)}
                </span>
            </th>
            <td data-label="Feature">
                <a href={toFeature(feature)}>{feature}</a>
                {versions !== undefined && versions.length > 0 && <span class="evidence">{versions.join(', ')}</span>}
            </td>
            <td data-label="Verdict">
                <Says {...VERDICTS[verdict]} />
                {design !== null && <span class="evidence">{DESIGNS[design].words}</span>}
            </td>
            <td data-label="Effect">
                {effect.effect.value === null ? (
                    <span class="none">–</span>
                ) : (
                    <Written {...parts(effect.at_all_looks, ofDifference(outcome.unit), true)} />
                )}
                <span class="evidence">
                    <OutcomeName {...outcome} />
                </span>
            </td>
        </tr>
    );
}

export function OutcomeName({ metric, reason }: Schemas['OutcomeView']) {
    if (metric !== null) return <Term metric={metric} />;
    return <Explained text="The share of decided outputs that name this reason: less is better.">named “{reason}”</Explained>;
}

/** What to fix next: reasons and segments by what they cost, and how well fixing goes. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { count, counted, fixed, parts, percent, withInterval } from '../../format/number';
import { span } from '../../format/time';
import { Cards } from '../../parts/cards';
import { Written } from '../../parts/estimate';
import { Await } from '../../parts/states';
import { Explained } from '../../parts/term';
import { Says } from '../../parts/verdict';
import { onward, toFeature } from '../../state/url';
import { counts, places, STANDINGS, subject, VERDICTS } from './words';

type Answer = Schemas['PrioritiesResponse'];

/** Entries shown here. */
const MOST = 8;

export function Next() {
    const query = { limit: MOST };
    const found = useData('priorities', () => api.get('/api/v1/priorities', { query }), 'analyses');
    return (
        <section class="section" aria-labelledby="next">
            <div class="section-head">
                <h2 id="next">What to fix next</h2>
                <p>Reasons that users give, segments that lose more than the rest, and wrong outputs that are accepted, by outputs lost.</p>
            </div>
            <Await of={found} lines={8}>
                {(answer) => <Found {...answer} />}
            </Await>
        </section>
    );
}

function Found({ data, told, progress, meta }: Answer) {
    return (
        <>
            {data.length === 0 ? (
                <p class="sentence">
                    Nothing to rank. Send a <code>reason</code> with <code>reject</code>, <code>dismiss</code> and <code>edit</code>.
                </p>
            ) : (
                <Cards
                    label="By cost"
                    heads={
                        <>
                            <th scope="col">What</th>
                            <th scope="col">
                                <Explained text="Outputs lost, with the interval clustered by user. Of a reason, those that name it: where few say why, more may be behind it. Of a segment, those beyond what the rest loses. Of what is accepted though wrong, those judged wrong: where few are judged, more may be.">
                                    Outputs lost
                                </Explained>
                            </th>
                            <th scope="col">
                                <Explained text="The places by cost that it may have, given how little is known of each.">Place</Explained>
                            </th>
                            <th scope="col">Changes</th>
                        </>
                    }
                >
                    {data.map((one) => (
                        <Row key={`${one.feature} ${one.kind} ${subject(one)}`} {...one} />
                    ))}
                </Cards>
            )}
            <p class="foot">
                {span(meta.from, meta.to)}. Of {counted(told.lost, 'lost output')}, {count(told.with_reason)} say why
                {told.lost > 0 ? ` (${percent(told.with_reason / told.lost)})` : ''}. {loop(progress)}
            </p>
        </>
    );
}

/** The loop's own figures, in a sentence or two. */
function loop({ changes, share_worked, median_days_to_change, answered }: Schemas['Progress']): string {
    if (changes === 0) return 'No change was logged yet.';
    const told = share_worked.value === null ? 'none can be told yet' : `of those that can be told, ${withInterval(share_worked, 'share')} worked`;
    const waited =
        median_days_to_change === null
            ? ''
            : ` From the first complaint to the change that answers it: ${fixed(median_days_to_change, 1)} days (median of ${count(answered)}).`;
    return `${counted(changes, 'change')} logged; ${told}.${waited}`;
}

function Row(one: Schemas['Priority']) {
    const { feature, standing, cost, rank_from, rank_to, attempts } = one;
    const href = one.kind === 'reason' ? onward('/examples', { feature, reason: one.reason }) : toFeature(feature);
    return (
        <tr>
            <th scope="row">
                <a href={href}>{subject(one)}</a>
                <span class="evidence">
                    {feature} · {STANDINGS[standing]}
                </span>
            </th>
            <td data-label="Outputs lost">
                <Written {...parts(cost, 'outputs')} />
                <span class="evidence">{counts(one)}</span>
            </td>
            <td data-label="Place">{places(rank_from, rank_to)}</td>
            <td data-label="Changes">
                {attempts.length === 0 ? (
                    <span class="none">–</span>
                ) : (
                    attempts.map(({ id, title, verdict }) => (
                        <div key={id}>
                            <a href={onward('/changes', { entry: id })}>{title}</a>
                            <Says {...VERDICTS[verdict]} />
                        </div>
                    ))
                )}
            </td>
        </tr>
    );
}

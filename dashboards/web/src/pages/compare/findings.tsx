/** Each metric on both sides: the verdict in words, and the difference at one look and at all looks. */

import type { Schemas } from '../../api/client';
import { ofDifference, percent, withInterval } from '../../format/number';
import { Cards } from '../../parts/cards';
import { useUnit } from '../../parts/catalogue';
import { DrawnDifference, Estimate } from '../../parts/estimate';
import { Explained, Term } from '../../parts/term';
import { Says } from '../../parts/verdict';
import { because, reach } from './words';

type Compared = Schemas['ComparedMetric'];

const VERDICTS: Record<Schemas['ComparisonVerdict'], { words: string; sign: string }> = {
    better: { words: 'Better', sign: '+' },
    worse: { words: 'Worse', sign: '−' },
    different: { words: 'Different', sign: '≠' },
    no_difference_worth_having: { words: 'No difference worth having', sign: '=' },
    cannot_tell_yet: { words: 'Cannot tell yet', sign: '?' },
};

const VALID = 'Newcombe’s interval, as in textbooks. It holds here, where each output is of a user of its own.';
const INVALID = 'Newcombe’s interval, as in textbooks, as if outputs were independent. It does not hold where users have several, or are on both sides.';

interface Props {
    data: Compared[];
    baseline: string;
    candidate: string;
    /** The least difference worth having, in the unit of the metrics. */
    margin: number;
}

export function Findings({ data, baseline, candidate, margin }: Props) {
    return (
        <Cards
            label="What was found"
            class="compared headed"
            heads={
                <>
                    <th scope="col">Metric</th>
                    <th scope="col">{baseline}</th>
                    <th scope="col">{candidate}</th>
                    <th scope="col">
                        <Explained text="Candidate minus baseline, with the interval that holds for one look at this metric alone.">Difference</Explained>
                    </th>
                    <th scope="col">
                        <Explained text="The interval that holds at all looks at once: it may be watched every day, and stopped at any time.">
                            At all looks
                        </Explained>
                    </th>
                </>
            }
        >
            {data.map((found) => (
                <Row key={found.metric} {...found} margin={margin} sides={[baseline, candidate]} />
            ))}
        </Cards>
    );
}

function Row({ sides, margin, ...found }: Compared & { sides: [string, string]; margin: number }) {
    const { metric, verdict, baseline, candidate, difference, naive, sequence, variance_explained } = found;
    const unit = ofDifference(useUnit(metric));
    const domain = reach([difference, sequence]);
    return (
        <tr>
            <th scope="row">
                <strong>
                    <Term metric={metric} />
                </strong>
                <Says {...VERDICTS[verdict]} />
                <span class="evidence">{because(found, margin, unit)}</span>
            </th>
            <td data-label={sides[0]}>
                <Estimate metric={metric} value={baseline} />
            </td>
            <td data-label={sides[1]}>
                <Estimate metric={metric} value={candidate} />
            </td>
            <td data-label="Difference">
                <DrawnDifference value={difference} unit={unit} domain={domain} />
                {naive !== null && (
                    <span class="evidence">
                        <Explained text={naive.is_valid ? VALID : INVALID}>Naive</Explained> {withInterval(naive, unit, true)}
                    </span>
                )}
                {variance_explained !== null && (
                    <span class="evidence">
                        <Explained text="The share of the variance that what users did in the days before explains: the intervals are as much narrower as if it had never been there.">Noise taken off</Explained>{' '}
                        {percent(variance_explained)}
                    </span>
                )}
            </td>
            <td data-label="At all looks">
                <DrawnDifference value={sequence} unit={unit} domain={domain} />
            </td>
        </tr>
    );
}

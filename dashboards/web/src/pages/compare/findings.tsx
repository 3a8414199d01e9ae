/** Each metric on both sides: the verdict in words, and the difference at one look and at all looks. */

import type { Schemas } from '../../api/client';
import { Interval } from '../../charts/intervals';
import { type Unit, withInterval } from '../../format/number';
import { useMetric } from '../../parts/catalogue';
import { Difference, Estimate } from '../../parts/estimate';
import { Explained, Term } from '../../parts/term';
import { because } from './words';

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
        <div class="scroll" tabIndex={0} role="region" aria-label="What was found">
            <table class="compared cards headed">
                <thead>
                    <tr>
                        <th scope="col">Metric</th>
                        <th scope="col">{baseline}</th>
                        <th scope="col">{candidate}</th>
                        <th scope="col">
                            <Explained text="Candidate minus baseline, with the interval that holds for one look at this metric alone.">
                                Difference
                            </Explained>
                        </th>
                        <th scope="col">
                            <Explained text="The interval that holds at all looks at once: it may be watched every day, and stopped at any time.">
                                At all looks
                            </Explained>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {data.map((found) => (
                        <Row key={found.metric} {...found} margin={margin} sides={[baseline, candidate]} />
                    ))}
                </tbody>
            </table>
        </div>
    );
}

function Row({ sides, margin, ...found }: Compared & { sides: [string, string]; margin: number }) {
    const { metric, verdict, baseline, candidate, difference, naive, sequence } = found;
    const definition = useMetric(metric);
    const unit: Unit = definition?.unit === 'share' ? 'share_difference' : (definition?.unit ?? 'share_difference');
    const values = [difference, sequence];
    const reach = Math.max(...values.flatMap(({ lower, upper, value }) => [lower, upper, value].map((end) => Math.abs(end ?? 0))), 1e-9);
    return (
        <tr>
            <th scope="row">
                <strong>
                    <Term metric={metric} />
                </strong>
                <span class="says">
                    <span aria-hidden="true">{VERDICTS[verdict].sign}</span> {VERDICTS[verdict].words}
                </span>
                <span class="evidence">{because(found, margin, unit)}</span>
            </th>
            <td data-label={sides[0]}>
                <Estimate metric={metric} value={baseline} />
            </td>
            <td data-label={sides[1]}>
                <Estimate metric={metric} value={candidate} />
            </td>
            {values.map((between, at) => (
                <td key={at} data-label={at === 0 ? 'Difference' : 'At all looks'}>
                    {between.value === null ? (
                        <span class="none">–</span>
                    ) : (
                        <>
                            <Difference metric={metric} value={between} />
                            <Interval value={between} domain={[-reach, reach]} label={withInterval(between, unit, true)} width={150} />
                            {at === 0 && naive !== null && (
                                <span class="evidence">
                                    <Explained text={naive.is_valid ? VALID : INVALID}>Naive</Explained> {withInterval(naive, unit, true)}
                                </span>
                            )}
                        </>
                    )}
                </td>
            ))}
        </tr>
    );
}

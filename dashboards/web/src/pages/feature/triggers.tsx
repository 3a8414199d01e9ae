/** Does it fire when it should, and from which confidence on would it pay to? Told where misses are reported. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { Trend } from '../../charts/trend';
import { percent, withInterval } from '../../format/number';
import { Estimate } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Await, Silence } from '../../parts/states';
import { Term } from '../../parts/term';
import { useScope } from '../../state/scope';

type Answer = Schemas['TriggerResponse'];

const FACTS = ['trigger_precision', 'trigger_recall', 'ignore_rate', 'missed'];
/** Above it a useless offer costs more than one and a half useful ones bring, and the others are out of scale. */
const MOST = 0.6;

export function Triggers({ feature }: { feature: string }) {
    const { scope } = useScope();
    const load = () => api.get('/api/v1/features/{feature}/trigger', { path: { feature }, query: scope });
    const found = useData(`trigger ${feature} ${JSON.stringify(scope)}`, load, 'analyses');
    return <Await of={found}>{(answer) => ((answer.metrics['missed']?.value ?? 0) === 0 ? <Silence /> : <Found {...answer} />)}</Await>;
}

function Found({ metrics, thresholds }: Answer) {
    const drawn = thresholds.filter(({ threshold, advantage }) => threshold <= MOST && advantage.value !== null);
    const worth = drawn.filter(({ advantage }) => (advantage.lower ?? 0) > 0);
    const first = worth[0];
    return (
        <>
            <p class="sentence">
                {first === undefined
                    ? 'No threshold on confidence is clearly worth more than showing every offer.'
                    : `Showing only offers of at least ${percent(first.threshold)} confidence is clearly worth more than showing every one, if a useless offer costs as much as that threshold says.`}
            </p>
            <div class="split">
                {drawn.length < 2 ? (
                    <p class="none">No offer with a confidence is known to have been useful or not.</p>
                ) : (
                    <Figure
                        title="What a threshold would be worth"
                        caption="Useful offers per hundred outputs, beside showing every offer; useless ones taken off at what each threshold says they cost."
                        table={{
                            head: ['Threshold', 'Worth', 'Precision', 'Of the useful, shown'],
                            rows: drawn.map((step) => [
                                percent(step.threshold),
                                withInterval(step.advantage, 'share_difference'),
                                withInterval(step.precision, 'share'),
                                withInterval(step.recall_of_shown, 'share'),
                            ]),
                        }}
                    >
                        {(width) => (
                            <Trend
                                label="What a threshold would be worth"
                                points={drawn.map((step) => ({
                                    ...step.advantage,
                                    x: step.threshold,
                                    words: `From ${percent(step.threshold)} on: ${withInterval(step.advantage, 'share_difference')}; precision ${withInterval(step.precision, 'share')}`,
                                }))}
                                width={width}
                                height={200}
                                domain={[0, MOST]}
                                limits={[-10, 10]}
                                axis={[0, 0.2, 0.4, 0.6].map((x) => ({ x, words: percent(x) }))}
                                unit="share_difference"
                                reference={0}
                            />
                        )}
                    </Figure>
                )}
                <dl class="facts">
                    {FACTS.map((metric) => (
                        <div key={metric}>
                            <dt>
                                <Term metric={metric} />
                            </dt>
                            <dd>
                                <Estimate metric={metric} value={metrics[metric]} />
                            </dd>
                        </div>
                    ))}
                </dl>
            </div>
        </>
    );
}

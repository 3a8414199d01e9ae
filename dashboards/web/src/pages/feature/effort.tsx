/** How much people change in what they take, and how long they think before. */

import { Trend } from '../../charts/trend';
import { type Unit, withInterval } from '../../format/number';
import { bucket } from '../../format/time';
import { useMetric } from '../../parts/catalogue';
import { Estimate } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Await } from '../../parts/states';
import { Term } from '../../parts/term';
import { go } from '../../state/url';
import { type Answer, axis, immatureFrom, points, useDaily } from './daily';

const SIDES = [
    {
        metric: 'edit_distance',
        facts: ['soft_acceptance_rate', 'untouched_rate', 'heavy_edit_rate', 'retained_share', 'retained_characters_per_shown', 'final_share_of_ai', 'regenerate_rate'],
        limits: [0, 1] as [number, number],
    },
    {
        metric: 'decision_time_p50',
        facts: ['decision_time_p90', 'rubber_stamp_rate', 'generation_time_p50', 'generation_time_p95'],
        limits: [0, 1e12] as [number, number],
    },
];

export function Effort({ feature }: { feature: string }) {
    const daily = useDaily(feature);
    return (
        <Await of={daily} lines={10}>
            {(answer) => (
                <div class="pair">
                    {SIDES.map((side) => (
                        <Side key={side.metric} {...side} answer={answer} feature={feature} />
                    ))}
                </div>
            )}
        </Await>
    );
}

function Side({ metric, facts, limits, answer, feature }: (typeof SIDES)[number] & { answer: Answer; feature: string }) {
    const unit: Unit = useMetric(metric)?.unit ?? 'share';
    const total = answer.totals[0]?.metrics;
    const all = points(answer, metric, unit, feature);
    const isThere = all.some((point) => point.value !== null);
    const immature = immatureFrom(answer);
    return (
        <div>
            {isThere && (
                <Figure
                    title={<Term metric={metric} />}
                    table={{
                        head: ['When', 'Value'],
                        rows: answer.data.map((row) => {
                            const value = row.metrics[metric];
                            return [bucket(row.bucket ?? '', answer.meta.granularity), value === undefined ? '' : withInterval(value, unit)];
                        }),
                    }}
                >
                    {(width) => (
                        <Trend
                            label={`${metric} of ${feature} over time`}
                            points={all}
                            width={width}
                            height={140}
                            limits={limits}
                            axis={axis(answer, width)}
                            unit={unit}
                            {...(immature === undefined ? {} : { immatureFrom: immature })}
                            onOpen={go}
                        />
                    )}
                </Figure>
            )}
            <dl class="facts wide">
                {[metric, ...facts].map((id) => (
                    <div key={id}>
                        <dt>
                            <Term metric={id} />
                        </dt>
                        <dd>
                            <Estimate metric={id} value={total?.[id]} />
                        </dd>
                    </div>
                ))}
            </dl>
        </div>
    );
}

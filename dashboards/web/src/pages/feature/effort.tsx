/** How much people change in what they take, and how long they think before. */

import { Estimate } from '../../parts/estimate';
import { Await } from '../../parts/states';
import { Term } from '../../parts/term';
import { type Answer, useDaily } from './daily';
import { DailyTrend } from './daily_trend';

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
    const total = answer.totals[0]?.metrics;
    const isThere = answer.data.some(({ metrics }) => metrics[metric]?.value != null);
    return (
        <div>
            {isThere && <DailyTrend feature={feature} metric={metric} answer={answer} limits={limits} waits height={140} />}
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

/** Where to look first, in sentences. */

import type { Schemas } from '../../api/client';
import { fresh } from '../../api/data';
import { count, counted, isClear, withInterval } from '../../format/number';
import { segment } from '../../format/words';
import { Mark } from '../../parts/verdict';
import { periodName } from '../../state/range';
import { useScope } from '../../state/scope';
import { toFeature } from '../../state/url';
import { toMoved, useExplanations } from './change';
import { useCorrectness } from './correctness';
import { culprit, of } from './explained';
import { concern, type Unnoticed, useUnnoticed } from './unnoticed';

type Summary = Schemas['FeatureSummary'];

/** Features listed here. */
const MOST = 6;

export function Attention({ features }: { features: Summary[] }) {
    const moved = useCorrectness();
    const taken = useUnnoticed(features);
    const byConcern = [...features].sort((one, other) => concern(other, taken.get(other.feature)) - concern(one, taken.get(one.feature)));
    return (
        <section aria-labelledby="attention">
            <h2 id="attention">Where to look</h2>
            <ul class="attention">
                {byConcern.slice(0, MOST).map((feature) => (
                    <Line
                        key={feature.feature}
                        {...feature}
                        correctness={moved.get(feature.feature)}
                        unnoticed={taken.get(feature.feature)}
                    />
                ))}
            </ul>
        </section>
    );
}

interface Beside {
    correctness: Schemas['Between'] | undefined;
    unnoticed: Unnoticed | undefined;
}

function Line({ feature, verdict, metrics, correctness, unnoticed }: Summary & Beside) {
    const gap = metrics['trust_gap'];
    return (
        <li>
            <Mark verdict={verdict} />
            <div>
                <a href={toFeature(feature)}>{feature}</a> <span>{says(verdict)}</span>
                {gap?.value != null && <span class="evidence">{withInterval(gap, 'share_difference')}</span>}
                {unnoticed !== undefined && (
                    <p class="moved">
                        {counted(unnoticed.taken, 'wrong output')} taken, of {count(unnoticed.judged)} that were judged.
                    </p>
                )}
                <Moved feature={feature} />
                {correctness !== undefined && <Correctness by={correctness} />}
            </div>
        </li>
    );
}

function says(verdict: Summary['verdict']): string {
    switch (verdict) {
        case 'over':
            return 'is taken more often than it is right.';
        case 'under':
            return 'is right more often than it is taken.';
        case 'calibrated':
            return 'is trusted about as much as it deserves.';
        case 'insufficient':
            return 'cannot be told yet: more outputs must be judged.';
    }
}

function Correctness({ by }: { by: Schemas['Between'] }) {
    const { params } = useScope();
    return (
        <p class="moved">
            Correctness moved by {withInterval(by, 'share_difference')} ({periodName(params)}).
        </p>
    );
}

function Moved({ feature }: { feature: string }) {
    const { params } = useScope();
    const answer = fresh(useExplanations());
    const data = answer === undefined ? 'nothing' : of(answer, feature);
    if (data === 'nothing') return null;
    if (data === 'elsewhere') {
        return (
            <p class="moved">
                <a href={toMoved(feature)}>What moved?</a>
            </p>
        );
    }
    const found = culprit(data);
    if (!isClear(data.change) && found === undefined) return null;
    const moved = isClear(data.change);
    const what = moved ? `Acceptance moved by ${withInterval(data.change, 'share_difference')}` : 'Acceptance as a whole stood still';
    const where = found === undefined ? '' : `, ${moved ? 'mostly' : 'but not'} in ${segment(found.dimension, found.value)}`;
    return (
        <p class="moved">
            {what} ({periodName(params)}){where}.
        </p>
    );
}

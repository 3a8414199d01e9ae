/** A number with its interval and what it rests on, or why there is none. */

import type { Estimate as Value, Schemas } from '../api/client';
import { evidence, parts, type Unit } from '../format/number';
import { reason } from '../format/words';
import { useMetric } from './catalogue';

interface Props {
    metric: string;
    value: Value | undefined;
    /** Without the line of n and users. */
    bare?: boolean;
}

export function Estimate({ metric, value, bare = false }: Props) {
    const unit: Unit = useMetric(metric)?.unit ?? 'share';
    if (value === undefined || value.value === null) {
        return <span class="estimate none">{reason(value?.reason ?? null)}</span>;
    }
    const shown = parts(value, unit);
    return (
        <span class="estimate">
            <span class="number">
                {shown.value}
                {shown.interval !== '' && ' '}
                {shown.interval !== '' && <span class="interval">{shown.interval}</span>}
            </span>
            {!bare && unit !== 'count' && <span class="evidence">{evidence(value)}</span>}
        </span>
    );
}

/** A difference in the unit of a metric, with its interval. */
export function Difference({ metric, value }: { metric: string; value: Schemas['Between'] }) {
    const unit: Unit = useMetric(metric)?.unit ?? 'share';
    const shown = parts(value, unit === 'share' ? 'share_difference' : unit, true);
    return (
        <span class="number">
            {shown.value}
            {shown.interval !== '' && ' '}
            {shown.interval !== '' && <span class="interval">{shown.interval}</span>}
        </span>
    );
}

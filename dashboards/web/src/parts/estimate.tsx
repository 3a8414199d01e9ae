/** A number with its interval and what it rests on, or why there is none. */

import type { Estimate as Value, Schemas } from '../api/client';
import { Interval } from '../charts/intervals';
import { coefficient, evidence, ofDifference, parts, type Spread, type Unit, withInterval } from '../format/number';
import { reason } from '../format/words';
import { useUnit } from './catalogue';

interface WrittenProps {
    value: string;
    interval: string;
    strong?: boolean;
}

/** What `parts` and `coefficient` write. */
export function Written({ value, interval, strong = false }: WrittenProps) {
    return (
        <span class={strong ? 'number strong' : 'number'}>
            {value}
            {interval !== '' && ' '}
            {interval !== '' && <span class="interval">{interval}</span>}
        </span>
    );
}

interface Props {
    /** Without one it is a share. */
    metric?: string;
    value: Value | undefined;
    /** Without the line of n and users. */
    bare?: boolean;
}

export function Estimate({ metric = '', value, bare = false }: Props) {
    const unit = useUnit(metric);
    if (value === undefined || value.value === null) {
        return <span class="estimate none">{reason(value?.reason ?? null)}</span>;
    }
    return (
        <span class="estimate">
            <Written {...parts(value, unit)} />
            {!bare && unit !== 'count' && <span class="evidence">{evidence(value)}</span>}
        </span>
    );
}

/** A coefficient, which has no unit, or why there is none. */
export function Coefficient({ value }: { value: Value | undefined }) {
    if (value === undefined || value.value === null) return <span class="none">{reason(value?.reason ?? null)}</span>;
    return <Written {...coefficient(value)} />;
}

/** A difference in the unit of a metric, with its interval. */
export function Difference({ metric, value }: { metric: string; value: Schemas['Between'] }) {
    return <Written {...parts(value, ofDifference(useUnit(metric)), true)} />;
}

interface DrawnProps {
    value: Spread & { reason?: string | null };
    /** That of differences. */
    unit: Unit;
    /** The same for all that are compared. */
    domain: [number, number];
}

/** A difference in figures and as a picture beside zero, or why there is none. */
export function DrawnDifference({ value, unit, domain }: DrawnProps) {
    if (value.value === null) return <span class="none">{reason(value.reason ?? null)}</span>;
    return (
        <>
            <Written {...parts(value, unit, true)} />
            <Interval value={value} domain={domain} label={withInterval(value, unit, true)} width={150} />
        </>
    );
}

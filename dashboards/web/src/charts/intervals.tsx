/** Values with their intervals on one line each, against zero: what differs, and how surely. */

import { isClear, type Spread } from '../format/number';
import { linear, niceDomain } from './scale';

interface Props {
    value: Spread;
    /** The same for all lines that are compared. */
    domain: [number, number];
    width: number;
    label: string;
}

/** A domain with zero in it that holds all. */
export function around(values: Spread[]): [number, number] {
    return niceDomain([0, ...values.flatMap(({ value, lower, upper }) => [value ?? 0, lower ?? 0, upper ?? 0])], [-1e9, 1e9], 4);
}

export function Interval({ value, domain, width, label }: Props) {
    const x = linear(domain, [8, width - 8]);
    return (
        <svg class={isClear(value) ? 'chart interval clear' : 'chart interval'} width={width} height="18" role="img" aria-label={label}>
            <line class="zero" x1={x(0)} x2={x(0)} y1="0" y2="18" />
            {value.lower != null && value.upper != null && (
                <line class="range" x1={x(value.lower)} x2={x(value.upper)} y1="9" y2="9" />
            )}
            {value.value !== null && <circle cx={x(value.value)} cy="9" r="4" />}
        </svg>
    );
}

/** Values with their intervals on one line each, against zero: what differs, and how surely. */

import type { Spread } from '../format/number';
import { linear, niceDomain, ticks } from './scale';

interface Props {
    value: Spread;
    /** The same for all lines that are compared. */
    domain: [number, number];
    width?: number;
    label: string;
    /** Whether ticks are written below. */
    format?: (value: number) => string;
}

/** A domain with zero in it that holds all. */
export function around(values: Spread[]): [number, number] {
    return niceDomain([0, ...values.flatMap(({ value, lower, upper }) => [value ?? 0, lower ?? 0, upper ?? 0])], [-1e9, 1e9], 4);
}

export function Interval({ value, domain, width = 180, label, format }: Props) {
    const height = format === undefined ? 18 : 32;
    const x = linear(domain, [8, width - 8]);
    const clear = (value.lower ?? -1) > 0 || (value.upper ?? 1) < 0;
    return (
        <svg class={`chart interval ${clear ? 'clear' : ''}`} width={width} height={height} role="img" aria-label={label}>
            <line class="zero" x1={x(0)} x2={x(0)} y1="0" y2="18" />
            {value.lower != null && value.upper != null && (
                <line class="range" x1={x(value.lower)} x2={x(value.upper)} y1="9" y2="9" />
            )}
            {value.value !== null && <circle cx={x(value.value)} cy="9" r="4" />}
            {format !== undefined &&
                ticks(domain, 2).map((tick) => (
                    <text key={tick} class="tick" x={x(tick)} y="30" text-anchor="middle">
                        {format(tick)}
                    </text>
                ))}
        </svg>
    );
}

/** A share that is not known of all: what it is at worst and at best as a band, the estimates within. */

import { percent, type Spread } from '../format/number';
import { linear, ticks } from './scale';

interface Props {
    /** Where the truth is, whatever is not known. */
    worst: number;
    best: number;
    /** The same with chance. */
    interval: [number, number] | null;
    marks: { name: string; spread: Spread }[];
    width: number;
    label: string;
}

const ROW = 26;
const TOP = 4;
const BOTTOM = 24;

export function Bounds({ worst, best, interval, marks, width, label }: Props) {
    const names = 74;
    const x = linear([0, 1], [names, width - 26]);
    const bottom = TOP + ROW * marks.length + 6;
    return (
        <svg class="chart bounds" width={width} height={bottom + BOTTOM} role="img" aria-label={label}>
            {interval !== null && <rect class="zone" x={x(interval[0])} width={x(interval[1]) - x(interval[0])} y={TOP} height={bottom - TOP} />}
            <rect class="band" x={x(worst)} width={Math.max(2, x(best) - x(worst))} y={TOP} height={bottom - TOP} />
            {ticks([0, 1], width < 420 ? 2 : 4).map((tick) => (
                <g key={tick}>
                    <line class="grid" x1={x(tick)} x2={x(tick)} y1={bottom} y2={bottom + 5} />
                    <text class="tick" x={x(tick)} y={bottom + BOTTOM - 6} text-anchor="middle">
                        {percent(tick)}
                    </text>
                </g>
            ))}
            <line class="grid" x1={x(0)} x2={x(1)} y1={bottom} y2={bottom} />
            {marks.map(({ name, spread }, at) => {
                const y = TOP + ROW * (at + 0.5) + 3;
                return (
                    <g key={name}>
                        <text class="tick" x="0" y={y} dy="0.35em">
                            {name}
                        </text>
                        {spread.lower != null && spread.upper != null && (
                            <line class="whisker" x1={x(spread.lower)} x2={x(spread.upper)} y1={y} y2={y} />
                        )}
                        {spread.value !== null && <circle class="shape" cx={x(spread.value)} cy={y} r="4.5" />}
                    </g>
                );
            })}
        </svg>
    );
}

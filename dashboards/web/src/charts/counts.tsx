/** Counts over time, as columns from zero. */

import { linear, ticks } from './scale';

export interface Counted {
    x: number;
    count: number;
    /** What is read out: `20 Nov: 3 events`. */
    words: string;
}

interface Props {
    /** Evenly spaced. */
    columns: Counted[];
    axis: { x: number; words: string }[];
    width: number;
    label: string;
}

const MARGIN = { top: 8, right: 12, bottom: 24, left: 46 };
const HEIGHT = 120;

export function Counts({ columns, axis, width, label }: Props) {
    const most = Math.max(1, ...columns.map(({ count }) => count));
    const y = linear([0, most], [HEIGHT - MARGIN.bottom, MARGIN.top]);
    const step = (width - MARGIN.left - MARGIN.right) / Math.max(1, columns.length);
    const left = (at: number) => MARGIN.left + at * step;
    return (
        <svg class="chart bars" width={width} height={HEIGHT} role="img" aria-label={label}>
            {ticks([0, most], 3)
                .filter(Number.isInteger)
                .map((tick) => (
                    <g key={tick}>
                        <line class="grid" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
                        <text class="tick" x={MARGIN.left - 6} y={y(tick)} dy="0.35em" text-anchor="end">
                            {tick.toLocaleString('en-US')}
                        </text>
                    </g>
                ))}
            {axis.map((tick) => {
                const at = columns.findIndex(({ x }) => x >= tick.x);
                return at < 0 ? null : (
                    <text key={tick.x} class="tick" x={left(at)} y={HEIGHT - 6} text-anchor={at > columns.length - 3 ? 'end' : 'start'}>
                        {tick.words}
                    </text>
                );
            })}
            {columns.map(({ x, count, words }, at) => (
                <rect key={x} class="bar" x={left(at)} width={Math.max(1, step - 1.5)} y={y(count)} height={y(0) - y(count)}>
                    <title>{words}</title>
                </rect>
            ))}
        </svg>
    );
}

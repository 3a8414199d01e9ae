/** A map from shares to shares, beside the diagonal that changes nothing. */

import { percent } from '../format/number';
import { line } from './path';
import { linear, ticks } from './scale';

interface Props {
    points: { x: number; y: number }[];
    width: number;
    label: string;
    across: string;
}

const MARGIN = { top: 10, right: 12, bottom: 40, left: 46 };

export function Curve({ points, width, label, across }: Props) {
    const side = Math.min(width, 300);
    const bottom = side - MARGIN.left - MARGIN.right + MARGIN.top;
    const height = bottom + MARGIN.bottom;
    const x = linear([0, 1], [MARGIN.left, side - MARGIN.right]);
    const y = linear([0, 1], [bottom, MARGIN.top]);
    return (
        <svg class="chart" width={side} height={height} role="img" aria-label={label}>
            {ticks([0, 1], 2).map((tick) => (
                <g key={tick}>
                    <line class="grid" x1={x(tick)} x2={x(tick)} y1={bottom} y2={MARGIN.top} />
                    <line class="grid" x1={x.range[0]} x2={x.range[1]} y1={y(tick)} y2={y(tick)} />
                    <text class="tick" x={x(tick)} y={bottom + 16} text-anchor="middle">
                        {percent(tick)}
                    </text>
                    <text class="tick" x={MARGIN.left - 6} y={y(tick)} dy="0.35em" text-anchor="end">
                        {percent(tick)}
                    </text>
                </g>
            ))}
            <text class="axis" x={x.range[1]} y={height - 6} text-anchor="end">
                {across}
            </text>
            <line class="diagonal" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
            <path class="line" d={line(points.map((point) => ({ x: x(point.x), y: y(point.y) })))} />
        </svg>
    );
}

/** Shares of bands, as columns that touch: a histogram. */

import { percent } from '../format/number';
import { linear, ticks } from './scale';

interface Props {
    shares: number[];
    /** The same for all that are compared. */
    most: number;
    width: number;
    label: string;
    /** The band of a number in words. */
    words: (at: number) => string;
}

const MARGIN = { top: 8, right: 12, bottom: 24, left: 46 };
const HEIGHT = 130;

export function Bars({ shares, most, width, label, words }: Props) {
    const x = linear([0, 1], [MARGIN.left, width - MARGIN.right]);
    const y = linear([0, most], [HEIGHT - MARGIN.bottom, MARGIN.top]);
    const edge = (at: number) => x(at / shares.length);
    return (
        <svg class="chart bars" width={width} height={HEIGHT} role="img" aria-label={label}>
            {ticks([0, most], 3).map((tick) => (
                <g key={tick}>
                    <line class="grid" x1={x.range[0]} x2={x.range[1]} y1={y(tick)} y2={y(tick)} />
                    <text class="tick" x={MARGIN.left - 6} y={y(tick)} dy="0.35em" text-anchor="end">
                        {percent(tick)}
                    </text>
                </g>
            ))}
            {[0, 0.5, 1].map((tick) => (
                <text key={tick} class="tick" x={x(tick)} y={HEIGHT - 6} text-anchor={tick === 1 ? 'end' : 'middle'}>
                    {percent(tick)}
                </text>
            ))}
            {shares.map((share, at) => (
                <rect key={at} class="bar" x={edge(at) + 0.5} width={edge(at + 1) - edge(at) - 1} y={y(share)} height={y(0) - y(share)}>
                    <title>
                        {words(at)}: {percent(share)}
                    </title>
                </rect>
            ))}
        </svg>
    );
}

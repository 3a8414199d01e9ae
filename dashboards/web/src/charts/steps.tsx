/** Shares of the steps of a scale, as columns that stand apart, each with its interval. */

import { percent, type Spread } from '../format/number';
import { linear, niceDomain, ticks } from './scale';

export interface Step {
    name: string;
    share: Spread;
    /** All of it in words. */
    words: string;
}

interface Props {
    steps: Step[];
    width: number;
    label: string;
}

const MARGIN = { top: 8, right: 12, bottom: 24, left: 46 };
const HEIGHT = 150;
/** A column is no wider, however few there are. */
const WIDEST = 64;

export function Steps({ steps, width, label }: Props) {
    const most = niceDomain([0, ...steps.map(({ share }) => share.upper ?? share.value ?? 0)], [0, 1], 3)[1];
    const y = linear([0, most], [HEIGHT - MARGIN.bottom, MARGIN.top]);
    const room = Math.min((width - MARGIN.left - MARGIN.right) / Math.max(1, steps.length), 1.5 * WIDEST);
    const column = Math.min(WIDEST, room - 2);
    // Names that would touch are left out.
    const every = Math.ceil((Math.max(...steps.map(({ name }) => name.length), 1) * 7.5) / room);
    const middle = (at: number) => MARGIN.left + (at + 0.5) * room;
    return (
        <svg class="chart bars" width={width} height={HEIGHT} role="img" aria-label={label}>
            {ticks([0, most], 3).map((tick) => (
                <g key={tick}>
                    <line class="grid" x1={MARGIN.left} x2={middle(steps.length - 0.5)} y1={y(tick)} y2={y(tick)} />
                    <text class="tick" x={MARGIN.left - 6} y={y(tick)} dy="0.35em" text-anchor="end">
                        {percent(tick)}
                    </text>
                </g>
            ))}
            {steps.map(({ name, share, words }, at) => (
                <g key={name}>
                    <title>{words}</title>
                    <rect class="bar" x={middle(at) - column / 2} width={column} y={y(share.value ?? 0)} height={y(0) - y(share.value ?? 0)} />
                    {share.lower != null && share.upper != null && (
                        <line class="whisker" x1={middle(at)} x2={middle(at)} y1={y(share.lower)} y2={y(share.upper)} />
                    )}
                    {at % every === 0 && (
                        <text class="tick" x={middle(at)} y={HEIGHT - 6} text-anchor="middle">
                            {name}
                        </text>
                    )}
                </g>
            ))}
        </svg>
    );
}

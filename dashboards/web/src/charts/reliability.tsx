/** The reliability diagram: does confidence mean what it says? How many outputs each band holds is below it. */

import { count, evidence, percent, withInterval, type Spread } from '../format/number';
import { linear, ticks } from './scale';

export interface Bin {
    /** The band in words. */
    name: string;
    from: number;
    to: number;
    n: number;
    confidence: number | null;
    outcome: Spread;
    /** Where the outcome would be by chance, were confidence right. */
    consistent: { lower: number; upper: number } | null;
    /** The outputs in it, where they can be told apart from others. */
    href?: string;
}

/** Room for half of the last label on the right. */
const MARGIN = { top: 10, right: 20, left: 46 };
const COUNTS = 56;
const AXIS = 40;

export function Reliability({ bins, outcome, width }: { bins: Bin[]; outcome: string; width: number }) {
    const side = Math.min(width, 460);
    const square = side - MARGIN.left - MARGIN.right;
    const bottom = MARGIN.top + square;
    const height = bottom + COUNTS + AXIS;
    const x = linear([0, 1], [MARGIN.left, side - MARGIN.right]);
    const y = linear([0, 1], [bottom, MARGIN.top]);
    const most = Math.max(1, ...bins.map((bin) => bin.n));
    const bar = linear([0, most], [0, COUNTS - 20]);
    return (
        <svg class="chart reliability" width={side} height={height} role="group" aria-label={`Confidence against ${outcome}`}>
            {ticks([0, 1], side < 380 ? 3 : 5).map((tick) => (
                <g key={tick} aria-hidden="true">
                    <line class="grid" x1={x(tick)} x2={x(tick)} y1={bottom} y2={MARGIN.top} />
                    <line class="grid" x1={x.range[0]} x2={x.range[1]} y1={y(tick)} y2={y(tick)} />
                    <text class="tick" x={x(tick)} y={height - 22} text-anchor="middle">
                        {percent(tick)}
                    </text>
                    <text class="tick" x={MARGIN.left - 6} y={y(tick)} dy="0.35em" text-anchor="end">
                        {percent(tick)}
                    </text>
                </g>
            ))}
            {bins.map(({ from, confidence, consistent }) =>
                confidence === null || consistent === null ? null : (
                    <rect
                        key={from}
                        class="consistent"
                        x={x(confidence) - 6}
                        width="12"
                        y={y(consistent.upper)}
                        height={Math.max(1, y(consistent.lower) - y(consistent.upper))}
                    />
                ),
            )}
            <line class="diagonal" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
            <text class="region" x={MARGIN.left + 8} y={MARGIN.top + 16} aria-hidden="true">
                better than it says
            </text>
            <text class="region" x={side - MARGIN.right - 8} y={bottom - 10} text-anchor="end" aria-hidden="true">
                over-confident
            </text>
            <text class="axis" x={x.range[1]} y={height - 4} text-anchor="end" aria-hidden="true">
                Confidence, and how many outputs had it
            </text>
            {bins.map((bin) =>
                bin.n === 0 ? null : (
                    <a
                        key={bin.from}
                        class="point"
                        aria-label={words(bin, outcome)}
                        {...(bin.href === undefined ? { role: 'img', tabIndex: 0 } : { href: bin.href })}
                    >
                        <title>{words(bin, outcome)}</title>
                        <rect
                            class="reach"
                            x={x(bin.from)}
                            width={x(bin.to) - x(bin.from)}
                            y={MARGIN.top}
                            height={bottom + COUNTS - MARGIN.top}
                        />
                        <rect
                            class="bar"
                            x={x(bin.from) + 1}
                            width={Math.max(1, x(bin.to) - x(bin.from) - 2)}
                            y={bottom + COUNTS - bar(bin.n)}
                            height={bar(bin.n)}
                        />
                        <text class="count" x={(x(bin.from) + x(bin.to)) / 2} y={bottom + COUNTS - bar(bin.n) - 3} text-anchor="middle">
                            {count(bin.n)}
                        </text>
                        {bin.confidence !== null && bin.outcome.value !== null && (
                            <>
                                {bin.outcome.lower != null && bin.outcome.upper != null && (
                                    <line
                                        class="whisker"
                                        x1={x(bin.confidence)}
                                        x2={x(bin.confidence)}
                                        y1={y(bin.outcome.lower)}
                                        y2={y(bin.outcome.upper)}
                                    />
                                )}
                                <circle class="shape" cx={x(bin.confidence)} cy={y(bin.outcome.value)} r="4.5" />
                            </>
                        )}
                    </a>
                ),
            )}
        </svg>
    );
}

function words(bin: Bin, outcome: string): string {
    return `Confidence ${bin.name}: ${outcome} ${withInterval(bin.outcome, 'share')}, ${evidence({ n: bin.n })}`;
}

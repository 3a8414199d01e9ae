/** A value over time, or over any other order, with its interval as a band. Read with the pointer or with the arrow keys. */

import { useState } from 'preact/hooks';
import type { Spread, Unit } from '../format/number';
import { band, line } from './path';
import { ends, fitting, linear, marked, nearest } from './scale';

export interface TrendPoint extends Spread {
    x: number;
    /** What is read out: `20 Nov: 35.2 % [29, 42], n 40`. */
    words: string;
    /** The examples behind it. */
    href?: string;
}

export interface Marker {
    x: number;
    words: string;
    kind: 'version' | 'change' | 'logged';
}

interface Props {
    label: string;
    points: TrendPoint[];
    width: number;
    height?: number;
    domain?: [number, number];
    /** What values can be at all. */
    limits: [number, number];
    axis: { x: number; words: string }[];
    unit: Unit;
    /** From here on decisions have not had time to arrive. */
    immatureFrom?: number;
    markers?: Marker[];
    /** A value to compare with, as a thin line. */
    reference?: number;
    /** Those that the scale is made for; what of others is beyond it is cut off. All without it. */
    scaledBy?: readonly Spread[];
    onOpen?: (href: string) => void;
}

const MARGIN = { top: 22, right: 12, bottom: 24, left: 46 };

export function Trend(props: Props) {
    const { points, width, height = 170, limits, markers = [], immatureFrom } = props;
    const [at, setAt] = useState<number | null>(null);
    const [first, last] = props.domain ?? [points[0]?.x ?? 0, points.at(-1)?.x ?? 1];
    const x = linear([first, last], [MARGIN.left, width - MARGIN.right]);
    const shown = ends(props.scaledBy ?? points);
    if (props.reference !== undefined) shown.push(props.reference);
    const { domain: within, marks, format } = marked(shown, limits, props.unit);
    const y = linear(within, [height - MARGIN.bottom, MARGIN.top]);
    const chosen = at === null ? undefined : points[at];
    const move = (to: number) => setAt(Math.max(0, Math.min(points.length - 1, to)));
    const key = (event: KeyboardEvent) => {
        // It stands at the end before it is moved.
        const from = at ?? points.length - 1;
        const places: Record<string, number> = {
            ArrowLeft: from - 1,
            ArrowDown: from - 1,
            ArrowRight: from + 1,
            ArrowUp: from + 1,
            Home: 0,
            End: points.length - 1,
        };
        const to = places[event.key];
        if (to !== undefined) {
            event.preventDefault();
            move(to);
        } else if (event.key === 'Enter' && chosen?.href !== undefined) props.onOpen?.(chosen.href);
        else if (event.key === 'Escape') setAt(null);
    };
    const point = (event: PointerEvent) => {
        const left = (event.currentTarget as Element).getBoundingClientRect().left;
        const positions = points.map((each) => x(each.x));
        move(nearest(positions, event.clientX - left));
    };
    const bottom = y.range[0];
    // A line at the very end of the scale is drawn in its whole width.
    const cut = { y: MARGIN.top - 2, height: bottom - MARGIN.top + 4 };
    return (
        <>
            <svg
                class="chart trend"
                width={width}
                height={height}
                role="slider"
                tabIndex={0}
                aria-label={props.label}
                aria-valuemin={0}
                aria-valuemax={Math.max(0, points.length - 1)}
                aria-valuenow={at ?? Math.max(0, points.length - 1)}
                aria-valuetext={(chosen ?? points.at(-1))?.words ?? 'no values'}
                onKeyDown={key}
                onPointerMove={point}
                onPointerLeave={() => setAt(null)}
                onBlur={() => setAt(null)}
                onClick={() => chosen?.href !== undefined && props.onOpen?.(chosen.href)}
            >
                {immatureFrom !== undefined && immatureFrom < last && (
                    <rect
                        class="immature"
                        x={x(Math.max(first, immatureFrom))}
                        width={width - x(Math.max(first, immatureFrom))}
                        y={MARGIN.top}
                        height={bottom - MARGIN.top}
                    />
                )}
                {marks.map((tick) => (
                    <g key={tick}>
                        <line class="grid" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
                        <text class="tick" x={MARGIN.left - 6} y={y(tick)} dy="0.35em" text-anchor="end">
                            {format(tick)}
                        </text>
                    </g>
                ))}
                {fitting(props.axis, x, width).map((mark) => (
                    <text key={mark.x} class="tick" x={x(mark.x)} y={height - 6} text-anchor={mark.anchor}>
                        {mark.words}
                    </text>
                ))}
                {props.reference !== undefined && (
                    <line class="reference" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(props.reference)} y2={y(props.reference)} />
                )}
                <svg x="0" y={cut.y} width={width} height={cut.height} viewBox={`0 ${cut.y} ${width} ${cut.height}`}>
                    <path
                        class="band"
                        d={band(
                            points.map((each) => ({
                                x: x(each.x),
                                lower: each.lower == null ? null : y(each.lower),
                                upper: each.upper == null ? null : y(each.upper),
                            })),
                        )}
                    />
                    <path class="line" d={line(points.map((each) => ({ x: x(each.x), y: each.value === null ? null : y(each.value) })))} />
                </svg>
                <Markers markers={markers} x={x} top={MARGIN.top} bottom={bottom} width={width} />
                {chosen !== undefined && (
                    <g class="cursor">
                        <line x1={x(chosen.x)} x2={x(chosen.x)} y1={MARGIN.top} y2={bottom} />
                        {chosen.value !== null && chosen.value >= within[0] && chosen.value <= within[1] && <circle cx={x(chosen.x)} cy={y(chosen.value)} r="4" />}
                    </g>
                )}
            </svg>
            <p class="readout" aria-hidden="true">
                {(chosen ?? points.at(-1))?.words ?? ''}
                {chosen?.href !== undefined && <span class="hint"> – click for the examples</span>}
            </p>
        </>
    );
}

type Scale = ReturnType<typeof linear>;

function Markers({ markers, x, top, bottom, width }: { markers: Marker[]; x: Scale; top: number; bottom: number; width: number }) {
    let free = 0;
    const placed = [...markers]
        .sort((one, other) => one.x - other.x)
        .map((marker) => {
            const left = x(marker.x);
            const size = marker.words.length * 6.4 + 6;
            const start = Math.min(left, width - size);
            const fits = start >= free;
            if (fits) free = start + size;
            return { ...marker, left, start, fits };
        });
    return (
        <>
            {placed.map(({ x: at, words, kind, left, start, fits }) => (
                <g key={`${kind} ${at} ${words}`} class={`marker ${kind}`}>
                    <title>{words}</title>
                    <line x1={left} x2={left} y1={top - 6} y2={bottom} />
                    {fits && (
                        <text x={start} y={top - 10}>
                            {words}
                        </text>
                    )}
                </g>
            ))}
        </>
    );
}

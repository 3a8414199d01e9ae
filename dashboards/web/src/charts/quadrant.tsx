/** The trust quadrant: trustworthiness across, trust up. On the diagonal trust is calibrated, above it too high, below too low. */

import { withInterval, percent, type Spread } from '../format/number';
import { because, VERDICTS, type Verdict } from '../format/words';
import { shapePath } from '../parts/verdict';
import { placeLabels } from './labels';
import { linear, niceDomain, ticks } from './scale';

export interface Placed {
    name: string;
    verdict: Verdict;
    trust: Spread;
    trustworthiness: Spread;
    gap: Spread;
    /** Outputs shown. */
    volume: number;
    href: string;
}

const MARGIN = { top: 28, right: 20, bottom: 44, left: 46 };
const RADIUS = [5, 13] as const;
/** Gaps of up to this much are calibrated, where the whole interval is; as in the verdicts of the API. */
export const CALIBRATED = 0.05;

/** The radius of a mark: its area goes with the volume. */
function radius(volume: number, most: number): number {
    return RADIUS[0] + (RADIUS[1] - RADIUS[0]) * Math.sqrt(most > 0 ? volume / most : 0);
}

export function Quadrant({ items, width }: { items: Placed[]; width: number }) {
    const height = Math.min(width, 520);
    const shown = items.filter((item) => item.trust.value !== null && item.trustworthiness.value !== null);
    const ends = shown.flatMap(({ trust, trustworthiness }) =>
        [trust, trustworthiness].flatMap(({ value, lower, upper }) => [value ?? 0, lower ?? value ?? 0, upper ?? value ?? 0]),
    );
    // The same domain both ways, so that the diagonal is one.
    const domain = niceDomain(ends, [0, 1], 5);
    const x = linear(domain, [MARGIN.left, width - MARGIN.right]);
    const y = linear(domain, [height - MARGIN.bottom, MARGIN.top]);
    const most = Math.max(0, ...shown.map((item) => item.volume));
    const marks = shown
        .map((item) => ({
            ...item,
            cx: x(item.trustworthiness.value ?? 0),
            cy: y(item.trust.value ?? 0),
            radius: radius(item.volume, most),
        }))
        .sort((one, other) => other.volume - one.volume);
    // A name may reach into the margin beside the picture.
    const frame = { x: MARGIN.left, y: MARGIN.top, width: width - MARGIN.left, height: y.range[0] - y.range[1] };
    const labels = placeLabels(
        marks.map((mark) => ({ x: mark.cx, y: mark.cy, radius: mark.radius, width: mark.name.length * 7.2, height: 16 })),
        frame,
    );
    const [low, high] = domain;
    const corner = (by: number) => {
        const from = Math.max(low, low - by);
        const to = Math.min(high, high - by);
        return [`${x(from)} ${y(from + by)}`, `${x(to)} ${y(to + by)}`] as const;
    };
    const [upperStart, upperEnd] = corner(CALIBRATED);
    const [lowerStart, lowerEnd] = corner(-CALIBRATED);
    return (
        <svg class="chart quadrant" width={width} height={height} role="group" aria-label="Trust against trustworthiness">
            <path class="zone" d={`M${upperStart}L${upperEnd}L${x(high)} ${y(high)}L${lowerEnd}L${lowerStart}L${x(low)} ${y(low)}Z`} />
            {ticks(domain, width < 420 ? 4 : 5).map((tick) => (
                <g key={tick} aria-hidden="true">
                    <line class="grid" x1={x(tick)} x2={x(tick)} y1={y.range[0]} y2={y.range[1]} />
                    <line class="grid" x1={x.range[0]} x2={x.range[1]} y1={y(tick)} y2={y(tick)} />
                    <text class="tick" x={x(tick)} y={y.range[0] + 18} text-anchor="middle">
                        {percent(tick)}
                    </text>
                    <text class="tick" x={x.range[0] - 8} y={y(tick)} dy="0.35em" text-anchor="end">
                        {percent(tick)}
                    </text>
                </g>
            ))}
            <line class="diagonal" x1={x(low)} y1={y(low)} x2={x(high)} y2={y(high)} />
            <g aria-hidden="true">
                <text class="region over" x={MARGIN.left + 10} y={MARGIN.top + 18}>
                    trusted too much
                </text>
                <text class="region under" x={width - MARGIN.right - 10} y={y.range[0] - 12} text-anchor="end">
                    trusted too little
                </text>
                <text class="axis" x={x.range[1]} y={height - 6} text-anchor="end">
                    Trustworthiness: share that was right
                </text>
                <text class="axis" x="0" y="12">
                    Trust: share that users took
                </text>
            </g>
            {marks.map((mark, at) => (
                <a key={mark.name} href={mark.href} class={`point ${mark.verdict}`} aria-label={sentence(mark)} data-feature={mark.name}>
                    <title>{sentence(mark)}</title>
                    <Whiskers {...mark} x={x} y={y} />
                    <path class="shape" d={shapePath(VERDICTS[mark.verdict].shape, mark.cx, mark.cy, mark.radius)} />
                    <text class="name" x={labels[at]?.x} y={labels[at]?.y} dy="0.35em" text-anchor={labels[at]?.anchor}>
                        {mark.name}
                    </text>
                </a>
            ))}
        </svg>
    );
}

type Scale = ReturnType<typeof linear>;

function Whiskers(mark: Placed & { cx: number; cy: number; x: Scale; y: Scale }) {
    const { trust, trustworthiness, cx, cy, x, y } = mark;
    return (
        <>
            {trustworthiness.lower != null && trustworthiness.upper != null && (
                <line class="whisker" x1={x(trustworthiness.lower)} x2={x(trustworthiness.upper)} y1={cy} y2={cy} />
            )}
            {trust.lower != null && trust.upper != null && (
                <line class="whisker" x1={cx} x2={cx} y1={y(trust.lower)} y2={y(trust.upper)} />
            )}
        </>
    );
}

function sentence({ name, verdict, gap, trust, trustworthiness }: Placed): string {
    return `${name}: ${VERDICTS[verdict].words.toLowerCase()}${gap.value === null ? '' : `, ${because(verdict, gap)}`}; trust ${withInterval(trust, 'share')}, trustworthiness ${withInterval(trustworthiness, 'share')}`;
}

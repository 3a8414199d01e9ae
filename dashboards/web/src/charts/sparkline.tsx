/** A trend the size of a word. */

import type { Spread } from '../format/number';
import { band, line } from './path';
import { linear, niceDomain } from './scale';

interface Props {
    points: (Spread & { x: number })[];
    label: string;
    width?: number;
    height?: number;
}

export function Sparkline({ points, label, width = 112, height = 30 }: Props) {
    if (points.length < 2) return null;
    const values = points.flatMap(({ value, lower, upper }) => [value, lower ?? value, upper ?? value]);
    const domain = niceDomain(values.filter((value) => value !== null && value !== undefined), [0, 1], 4);
    const x = linear([points[0]?.x ?? 0, points.at(-1)?.x ?? 1], [2, width - 5]);
    const y = linear(domain, [height - 2, 2]);
    const last = points.findLast((point) => point.value !== null);
    return (
        <svg class="chart sparkline" width={width} height={height} role="img" aria-label={label}>
            <path
                class="band"
                d={band(
                    points.map((point) => ({
                        x: x(point.x),
                        lower: point.lower == null ? null : y(point.lower),
                        upper: point.upper == null ? null : y(point.upper),
                    })),
                )}
            />
            <path class="line" d={line(points.map((point) => ({ x: x(point.x), y: point.value === null ? null : y(point.value) })))} />
            {last !== undefined && <circle class="end" cx={x(last.x)} cy={y(last.value ?? 0)} r="2.5" />}
        </svg>
    );
}

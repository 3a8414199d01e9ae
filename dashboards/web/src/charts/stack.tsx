/** Parts of a whole over time, as columns of shares; each part named beside the last column. */

import { percent } from '../format/number';
import { linear } from './scale';

export interface Part {
    name: string;
    /** Its tone; see the style sheet. */
    tone: string;
    href: string;
}

export interface Column {
    x: number;
    words: string;
    /** A count for each part. */
    counts: number[];
}

interface Props {
    parts: Part[];
    columns: Column[];
    axis: { x: number; words: string }[];
    width: number;
    label: string;
}

const HEIGHT = 190;
const BOTTOM = 24;
const NAME_HEIGHT = 15;
/** How wide the names beside the columns are. */
export const NAMES = 128;

/** Where names stand so that none covers another: as near to the middles of their parts as the order allows. */
function spread(middles: readonly number[], height: number, top: number, bottom: number): number[] {
    const places = middles.map((middle) => Math.max(top + height / 2, Math.min(bottom - height / 2, middle)));
    for (let at = 1; at < places.length; at += 1) {
        places[at] = Math.max(places[at] ?? 0, (places[at - 1] ?? 0) + height);
    }
    for (let at = places.length - 1; at >= 0; at -= 1) {
        const below = at === places.length - 1 ? bottom + height / 2 : (places[at + 1] ?? 0);
        places[at] = Math.min(places[at] ?? 0, below - height);
    }
    return places;
}

export function Stack({ parts, columns, axis, width, label }: Props) {
    const totals = parts.map((_, at) => columns.reduce((sum, column) => sum + (column.counts[at] ?? 0), 0));
    const all = totals.reduce((sum, total) => sum + total, 0);
    const room = width - NAMES;
    const step = room / Math.max(1, columns.length);
    const y = linear([0, 1], [0, HEIGHT - BOTTOM]);
    const x = (at: number) => at * step;
    let reached = 0;
    const middles = totals.map((total) => {
        const middle = y((reached + total / 2) / Math.max(1, all));
        reached += total;
        return middle;
    });
    const places = spread(middles, NAME_HEIGHT, 0, HEIGHT - BOTTOM);
    const nearest = (time: number) => columns.findIndex((column) => column.x >= time);
    return (
        <svg class="chart stack" width={width} height={HEIGHT} role="group" aria-label={label}>
            {columns.map((column, at) => {
                const total = column.counts.reduce((sum, count) => sum + count, 0);
                let below = 0;
                return (
                    <g key={column.x}>
                        <title>{column.words}</title>
                        {column.counts.map((count, part) => {
                            const start = y(below / Math.max(1, total));
                            below += count;
                            const end = y(below / Math.max(1, total));
                            return (
                                <rect
                                    key={part}
                                    class={`tone ${parts[part]?.tone}`}
                                    x={x(at)}
                                    width={Math.max(1, step - 1.5)}
                                    y={start}
                                    height={Math.max(0, end - start)}
                                />
                            );
                        })}
                    </g>
                );
            })}
            {axis.map((tick) => {
                const at = nearest(tick.x);
                return at < 0 ? null : (
                    <text key={tick.x} class="tick" x={x(at)} y={HEIGHT - 6} text-anchor="start">
                        {tick.words}
                    </text>
                );
            })}
            {parts.map((part, at) =>
                (totals[at] ?? 0) === 0 ? null : (
                    <a key={part.name} href={part.href}>
                        <rect class={`tone ${part.tone}`} x={room + 4} y={(places[at] ?? 0) - 5} width="9" height="9" />
                        <text class="name" x={room + 18} y={places[at]} dy="0.35em">
                            {part.name} {percent((totals[at] ?? 0) / Math.max(1, all))}
                        </text>
                    </a>
                ),
            )}
        </svg>
    );
}

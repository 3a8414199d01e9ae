/** SVG paths of lines and bands with gaps where there is no value. Pure. */

export interface Point {
    x: number;
    y: number | null;
}

export interface BandPoint {
    x: number;
    lower: number | null;
    upper: number | null;
}

const write = (value: number) => String(Math.round(value * 100) / 100);

/** Runs of neighbours that are all there. */
function runs<T>(points: readonly T[], isThere: (point: T) => boolean): T[][] {
    const found: T[][] = [];
    let open = false;
    for (const point of points) {
        if (isThere(point)) {
            if (open) found.at(-1)?.push(point);
            else found.push([point]);
        }
        open = isThere(point);
    }
    return found;
}

/** A line through points; one that stands alone becomes a dot, which a round line cap shows. */
export function line(points: readonly Point[]): string {
    return runs(points, (point) => point.y !== null)
        .map((run) => {
            const corners = run.map(({ x, y }) => `${write(x)} ${write(y ?? 0)}`);
            return `M${corners.join('L')}${run.length === 1 ? 'h0' : ''}`;
        })
        .join('');
}

/** The area between two ends; one that stands alone becomes a bar of a given width. */
export function band(points: readonly BandPoint[], alone = 4): string {
    return runs(points, (point) => point.lower !== null && point.upper !== null)
        .map((run) => {
            const wide =
                run.length === 1 ? run.flatMap((point) => [-alone / 2, alone / 2].map((by) => ({ ...point, x: point.x + by }))) : run;
            const there = wide.map(({ x, upper }) => `${write(x)} ${write(upper ?? 0)}`);
            const back = wide.map(({ x, lower }) => `${write(x)} ${write(lower ?? 0)}`).reverse();
            return `M${[...there, ...back].join('L')}Z`;
        })
        .join('');
}

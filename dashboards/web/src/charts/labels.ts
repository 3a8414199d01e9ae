/** Where labels go beside their points so that none covers another. Pure. */

export interface Box {
    x: number;
    y: number;
    width: number;
    height: number;
}

export interface Labelled {
    x: number;
    y: number;
    /** Half the size of the mark. */
    radius: number;
    width: number;
    height: number;
}

export interface Placed {
    x: number;
    y: number;
    anchor: 'start' | 'middle' | 'end';
}

export function overlap(one: Box, other: Box): number {
    const across = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
    const down = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
    return across > 0 && down > 0 ? across * down : 0;
}

const GAP = 5;

/** The places that a label may take, the best first: its box, and how its text is anchored there. */
function places(item: Labelled): { box: Box; anchor: Placed['anchor'] }[] {
    const { x, y, radius, width, height } = item;
    const off = radius + GAP;
    const middle = y - height / 2;
    const at = (x: number, y: number, anchor: Placed['anchor']) => ({ box: { x, y, width, height }, anchor });
    return [
        at(x + off, middle, 'start'),
        at(x - off - width, middle, 'end'),
        at(x - width / 2, y - off - height, 'middle'),
        at(x - width / 2, y + off, 'middle'),
        at(x + off * 0.8, y - off * 0.8 - height, 'start'),
        at(x + off * 0.8, y + off * 0.8, 'start'),
        at(x - off * 0.8 - width, y - off * 0.8 - height, 'end'),
        at(x - off * 0.8 - width, y + off * 0.8, 'end'),
    ];
}

/** One after the other, each to the place where it covers least of marks and labels and stays within the frame. */
export function placeLabels(items: readonly Labelled[], frame: Box): Placed[] {
    const marks = items.map(({ x, y, radius }) => ({ x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius }));
    const taken: Box[] = [];
    return items.map((item) => {
        let best: { box: Box; anchor: Placed['anchor']; cost: number } | undefined;
        for (const { box, anchor } of places(item)) {
            const outside = box.width * box.height - overlap(box, frame);
            const covered = [...taken, ...marks].reduce((sum, other) => sum + overlap(box, other), 0);
            const cost = outside * 2 + covered;
            if (best === undefined || cost < best.cost - 1e-9) best = { box, anchor, cost };
        }
        const { box, anchor } = best ?? { box: { x: item.x, y: item.y, width: 0, height: 0 }, anchor: 'start' as const };
        taken.push(box);
        const x = anchor === 'start' ? box.x : anchor === 'end' ? box.x + box.width : box.x + box.width / 2;
        return { x, y: box.y + box.height / 2, anchor };
    });
}

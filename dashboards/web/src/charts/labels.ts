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

/** How far two boxes are apart; 0 where they touch. */
function distance(one: Box, other: Box): number {
    const across = Math.max(one.x, other.x) - Math.min(one.x + one.width, other.x + other.width);
    const down = Math.max(one.y, other.y) - Math.min(one.y + one.height, other.y + other.height);
    return Math.hypot(Math.max(0, across), Math.max(0, down));
}

const GAP = 5;

/** Nearer than this to another mark, a label may be read as that one's. */
const CLOSE = 2 * GAP;

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

/** One after the other, each to the place where it covers least of marks and labels, stays within the frame, and is beside no other mark. */
export function placeLabels(items: readonly Labelled[], frame: Box): Placed[] {
    const marks = items.map(({ x, y, radius }) => ({ x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius }));
    const taken: Box[] = [];
    return items.map((item, own) => {
        const others = marks.filter((_, at) => at !== own);
        let best: { box: Box; anchor: Placed['anchor']; cost: number } | undefined;
        for (const { box, anchor } of places(item)) {
            const outside = box.width * box.height - overlap(box, frame);
            const covered = [...taken, ...marks].reduce((sum, other) => sum + overlap(box, other), 0);
            const beside = others.reduce((sum, other) => sum + Math.max(0, 1 - distance(box, other) / CLOSE), 0);
            const cost = outside * 2 + covered + (beside * box.width * box.height) / 4;
            if (best === undefined || cost < best.cost - 1e-9) best = { box, anchor, cost };
        }
        const { box, anchor } = best ?? { box: { x: item.x, y: item.y, width: 0, height: 0 }, anchor: 'start' as const };
        taken.push(box);
        const x = anchor === 'start' ? box.x : anchor === 'end' ? box.x + box.width : box.x + box.width / 2;
        return { x, y: box.y + box.height / 2, anchor };
    });
}

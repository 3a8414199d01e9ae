/** What changed between two texts, word by word. Pure. */

export interface Piece {
    kind: 'same' | 'removed' | 'added';
    text: string;
}

/** Words, spaces and marks, so that the pieces together are the text. */
export function words(text: string): string[] {
    return text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
}

/** Beyond so many comparisons only the common beginning and end are kept. */
const MOST_CELLS = 4_000_000;

/** The shortest list of removals and additions between two texts by words (longest common subsequence). */
export function diff(before: string, after: string): Piece[] {
    const [one, other] = [words(before), words(after)];
    let start = 0;
    while (start < one.length && start < other.length && one[start] === other[start]) start += 1;
    let end = 0;
    while (end < one.length - start && end < other.length - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
    const pieces: Piece[] = [];
    const add = (kind: Piece['kind'], text: string) => {
        const last = pieces.at(-1);
        if (last?.kind === kind) last.text += text;
        else if (text !== '') pieces.push({ kind, text });
    };
    add('same', one.slice(0, start).join(''));
    middle(one.slice(start, one.length - end), other.slice(start, other.length - end), add);
    add('same', one.slice(one.length - end).join(''));
    return pieces;
}

function middle(one: string[], other: string[], add: (kind: Piece['kind'], text: string) => void): void {
    const columns = other.length + 1;
    if (one.length * other.length > MOST_CELLS) {
        add('removed', one.join(''));
        add('added', other.join(''));
        return;
    }
    // The longest common subsequence of what is left from each pair of places on.
    const longest = new Uint32Array((one.length + 1) * columns);
    const at = (row: number, column: number) => longest[row * columns + column] ?? 0;
    for (let row = one.length - 1; row >= 0; row -= 1) {
        for (let column = other.length - 1; column >= 0; column -= 1) {
            longest[row * columns + column] =
                one[row] === other[column]
                    ? at(row + 1, column + 1) + 1
                    : Math.max(at(row + 1, column), at(row, column + 1));
        }
    }
    let [row, column] = [0, 0];
    while (row < one.length || column < other.length) {
        const [left, right] = [one[row], other[column]];
        if (left !== undefined && left === right) {
            add('same', left);
            [row, column] = [row + 1, column + 1];
        } else if (left !== undefined && (right === undefined || at(row + 1, column) >= at(row, column + 1))) {
            add('removed', left);
            row += 1;
        } else {
            add('added', right ?? '');
            column += 1;
        }
    }
}

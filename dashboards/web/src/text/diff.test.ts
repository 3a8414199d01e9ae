import { expect, it } from 'vitest';
import { diff, words } from './diff';

const side = (before: string, after: string, kind: 'removed' | 'added') =>
    diff(before, after)
        .filter((piece) => piece.kind === 'same' || piece.kind === kind)
        .map((piece) => piece.text)
        .join('');

it('cuts texts without losing anything', () => {
    for (const text of ['', 'Dear all,\n I  hope — ok?', 'ünï 7b 日本語。'] as const) expect(words(text).join('')).toBe(text);
});

it('names what was removed and added', () => {
    expect(diff('Dear all, I hope this helps.', 'Dear all, this helps a lot.')).toEqual([
        { kind: 'same', text: 'Dear all, ' },
        { kind: 'removed', text: 'I hope ' },
        { kind: 'same', text: 'this helps' },
        { kind: 'added', text: ' a lot' },
        { kind: 'same', text: '.' },
    ]);
    expect(diff('same', 'same')).toEqual([{ kind: 'same', text: 'same' }]);
    expect(diff('', 'new')).toEqual([{ kind: 'added', text: 'new' }]);
});

it('holds both texts whatever they are', () => {
    let state = 7;
    const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
    const text = () => Array.from({ length: random(40) }, () => ['a', 'b', ' ', 'c.', '\n'][random(5)]).join('');
    for (let round = 0; round < 300; round += 1) {
        const [before, after] = [text(), text()];
        expect(side(before, after, 'removed')).toBe(before);
        expect(side(before, after, 'added')).toBe(after);
    }
});

it('gives up on the middle of texts that are too long, not on the texts', () => {
    const [before, after] = ['x '.repeat(3_000), 'y '.repeat(3_000)];
    expect(side(before, after, 'removed')).toBe(before);
    expect(side(before, after, 'added')).toBe(after);
});

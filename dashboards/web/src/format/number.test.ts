import { describe, expect, it } from 'vitest';
import { coefficient, count, counted, evidence, fixed, isClear, ofDifference, parts, percent, pValue, threshold, ticker, type Unit, withInterval, written } from './number';
import cases from './numbers.json';

const plain = (text: string) => text.replaceAll('\u00a0', ' ').replaceAll('\u2212', '-');

describe('numbers', () => {
    // The same cases are those of `calibrant report`.
    it.each(cases)('$text', ({ unit, text, ...spread }) => expect(plain(withInterval(spread, unit as Unit))).toBe(text));

    it('says that there is none', () => expect(parts({ value: null }, 'share')).toEqual({ value: '–', interval: '' }));
    it('writes axes in one unit', () => {
        expect([0, 0.125, 0.5].map(ticker('share', 0.5)).map(plain)).toEqual(['0 %', '12.5 %', '50 %']);
        expect([-0.05, 0, 0.05].map(ticker('share_difference', 0.05))).toEqual(['\u22125', '0', '+5']);
        expect([0, 30_000, 90_000].map(ticker('milliseconds', 90_000)).map(plain)).toEqual(['0 s', '30 s', '90 s']);
        expect(36e5 * written('milliseconds', 3e8)).toBeCloseTo(1, 12);
        expect(plain(parts({ value: 779 }, 'milliseconds').value)).toBe('779 ms');
    });
    it('writes differences of shares in points', () => {
        expect(ofDifference('share')).toBe('share_difference');
        expect(ofDifference('milliseconds')).toBe('milliseconds');
    });
    it('tells intervals that leave zero out from those that do not, and from none', () => {
        const ends: [number | null, number | null][] = [[0.01, 0.2], [-0.2, -0.01], [-0.1, 0.1], [0, 0.1], [null, null]];
        expect(ends.map(([lower, upper]) => isClear({ lower, upper }))).toEqual([true, true, false, false, false]);
    });
    it('writes so many decimals', () => expect([fixed(-0.04, 1), fixed(1_234.56, 1), threshold(0.92)]).toEqual(['0.0', '1,234.6', '0.920']));
    it('counts', () => {
        expect(count(1_096)).toBe('1,096');
        expect(plain(counted(1, 'user'))).toBe('1 user');
        expect(plain(evidence({ n: 1_096, users: 21, method: 'wilson_cluster_exact' }))).toBe('n 1,096 · 21 users');
        expect(plain(evidence({ n: 3, users: null }))).toBe('n 3');
        expect(plain(evidence({ n: 675, users: 285, method: 'wilson_cluster_groups' }))).toBe('n 675 of 285 users');
        // The server gives no more users than n.
        expect(plain(evidence({ n: 12, users: 12, method: 'linear_cluster_groups' }))).toBe('n 12');
        expect(plain(evidence({ n: 1, users: 0 }))).toBe('n 1 · users unknown');
        expect(plain(percent(0.094))).toBe('9 %');
        expect(coefficient({ value: -0.046, lower: -0.342, upper: 0.2 })).toEqual({ value: '\u22120.05', interval: '[\u22120.34, 0.20]' });
        expect([0.0312, 0.0004].map(pValue).map(plain)).toEqual(['0.031', '< 0.001']);
        expect(plain(percent(0.004))).toBe('0.4 %');
    });
});

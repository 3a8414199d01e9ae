import { describe, expect, it } from 'vitest';
import { coefficient, count, counted, evidence, parts, percent, pValue, ticker, withInterval } from './number';

const plain = (text: string) => text.replaceAll('\u00a0', ' ').replaceAll('\u2212', '-');

describe('numbers', () => {
    const check = (value: number, lower: number, upper: number, unit: Parameters<typeof parts>[1], text: string) =>
        it(text, () => expect(plain(withInterval({ value, lower, upper }, unit))).toBe(text));
    check(0.352, 0.2922, 0.4183, 'share', '35.2 % [29, 42]');
    check(0.3521, 0.3422, 0.3624, 'share', '35.2 % [34.2, 36.2]');
    check(0.35214, 0.34922, 0.35483, 'share', '35.21 % [34.92, 35.48]');
    check(0.352, 0.05, 0.61, 'share', '35 % [5, 61]');
    check(-0.2018, -0.25, -0.15, 'share_difference', '-20.2 points [-25, -15]');
    check(0.0004, -0.06, 0.06, 'share_difference', '0.0 points [-6, +6]');
    check(4_210, 3_920, 4_610, 'milliseconds', '4.21 s [3.92, 4.61]');
    check(310_000, 250_000, 390_000, 'milliseconds', '5.2 min [4.2, 6.5]');

    it('says that there is none', () => expect(parts({ value: null }, 'share')).toEqual({ value: '–', interval: '' }));
    it('leaves out an interval that is not there', () =>
        expect(plain(withInterval({ value: 0.5, lower: null, upper: null }, 'share'))).toBe('50.0 %'));
    it('writes axes in one unit', () => {
        expect([0, 0.125, 0.5].map(ticker('share', 0.5)).map(plain)).toEqual(['0 %', '12.5 %', '50 %']);
        expect([-0.05, 0, 0.05].map(ticker('share_difference', 0.05))).toEqual(['\u22125', '0', '+5']);
        expect([0, 30_000, 90_000].map(ticker('milliseconds', 90_000)).map(plain)).toEqual(['0 s', '30 s', '90 s']);
        expect(plain(parts({ value: 779 }, 'milliseconds').value)).toBe('779 ms');
    });
    it('counts', () => {
        expect(count(1_096)).toBe('1,096');
        expect(plain(counted(1, 'user'))).toBe('1 user');
        expect(plain(evidence(1_096, 21))).toBe('n 1,096 · 21 users');
        expect(plain(evidence(3, null))).toBe('n 3');
        expect(plain(percent(0.094))).toBe('9 %');
        expect(coefficient({ value: -0.046, lower: -0.342, upper: 0.2 })).toEqual({ value: '\u22120.05', interval: '[\u22120.34, 0.20]' });
        expect([0.0312, 0.0004].map(pValue).map(plain)).toEqual(['0.031', '< 0.001']);
        expect(plain(percent(0.004))).toBe('0.4 %');
    });
});

import { expect, it } from 'vitest';
import { long } from './time';
import { because } from './words';

const plain = (text: string) => text.replaceAll('\u00a0', ' ').replaceAll('\u2212', '-');

it('says what a verdict rests on', () => {
    const gap = { value: -0.035, lower: -0.06, upper: -0.01 };
    expect(plain(because('under', gap))).toBe('since the gap of -3.5 points [-6.0, -1.0] leaves zero out');
    expect(because('calibrated', { value: 0.01, lower: -0.02, upper: 0.04 })).toContain('within 5 points of zero');
    expect(because('insufficient', { value: 0.01, lower: -0.1, upper: 0.12 })).toContain('holds zero');
    expect(because('insufficient', { value: 0.01, lower: null, upper: null })).toBe('since the gap has no interval yet');
});

it('says days in the unit that suits them', () => {
    expect([1, 89, 90, 426, 729, 730, 5_625].map(long).map(plain)).toEqual(['1 day', '89 days', '3 months', '14 months', '24 months', '2 years', '15 years']);
});

import { expect, it } from 'vitest';
import type { Estimate } from '../../api/client';
import { surely } from './correctness';

const of = (value: number | null, standard_error: number | null): Estimate => ({
    value,
    standard_error,
    lower: null,
    upper: null,
    n: 100,
    numerator: null,
    denominator: null,
    users: 40,
    method: null,
    reason: null,
});

it('names a move of three standard errors and more, with both periods in its interval', () => {
    const moved = surely(of(0.8, 0.03), of(0.6, 0.04));
    expect(moved?.value).toBeCloseTo(-0.2, 12);
    expect(moved?.lower).toBeCloseTo(-0.2 - 1.96 * 0.05, 12);
    expect(moved?.upper).toBeCloseTo(-0.2 + 1.96 * 0.05, 12);
    expect(surely(of(0.8, 0.03), of(0.66, 0.04))).toBeUndefined();
});

it('is silent where a period has no value or no error', () => {
    expect(surely(undefined, of(0.6, 0.01))).toBeUndefined();
    expect(surely(of(null, null), of(0.6, 0.01))).toBeUndefined();
    expect(surely(of(0.9, null), of(0.6, 0.01))).toBeUndefined();
    expect(surely(of(1, 0), of(0.6, 0))).toBeUndefined();
});

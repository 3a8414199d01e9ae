import { expect, it } from 'vitest';
import type { Estimate, Schemas } from '../../api/client';
import { concern, unnoticed } from './unnoticed';

const of = (numerator: number, denominator: number, lower: number | null): Estimate => ({
    value: denominator === 0 ? null : numerator / denominator,
    lower,
    upper: null,
    n: denominator,
    numerator,
    denominator,
    users: 40,
    standard_error: null,
    method: null,
    reason: null,
});

const feature = (verdict: Schemas['Verdict'], gap: number): Schemas['FeatureSummary'] => ({
    feature: 'f',
    verdict,
    judged_outputs_needed: null,
    metrics: { trust_gap: { ...of(0, 0, null), value: gap } },
    shrunk: {},
});

it('counts wrong outputs that were taken among all that were judged', () => {
    expect(unnoticed(of(30, 60, 0.4), of(140, 200, 0.6))).toEqual({ taken: 30, judged: 200, least: 0.12 });
    expect(unnoticed(of(0, 60, 0), of(140, 200, 0.6))).toBeUndefined();
    expect(unnoticed(undefined, of(140, 200, 0.6))).toBeUndefined();
});

it('finds a feature without a gap whose wrong outputs are trusted', () => {
    const own = unnoticed(of(30, 60, 0.4), of(140, 200, 0.6));
    expect(concern(feature('calibrated', 0.01), own)).toBeGreaterThan(concern(feature('under', -0.1), undefined));
    expect(concern(feature('under', -0.2), undefined)).toBeGreaterThan(concern(feature('calibrated', 0.01), own));
    expect(concern(feature('insufficient', 0.3), undefined)).toBe(-1);
});

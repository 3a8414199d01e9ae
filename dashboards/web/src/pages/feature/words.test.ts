import { describe, expect, it } from 'vitest';
import type { Estimate, Schemas } from '../../api/client';
import { afterBad, halfGone, moved, nobodyFollowed, notTheBand, usersEnough } from './words';

const plain = (text: string | undefined) => text?.replaceAll('\u00a0', ' ').replaceAll('\u2212', '-');
const of = (value: number, lower: number, upper: number, users = 100): Estimate => ({
    value,
    lower,
    upper,
    users,
    n: 400,
    numerator: null,
    denominator: null,
    standard_error: null,
    method: null,
    reason: null,
});

describe('after a bad output', () => {
    const lag = (lag: number, difference: Estimate, adjusted_p_value: number | null = 0.01) => ({ lag, difference, adjusted_p_value }) as Schemas['Lag'];
    it('is worded by the sign of the first difference that is clear', () => {
        expect(plain(afterBad([lag(1, of(-0.082, -0.14, -0.02))]))).toBe('After a bad output they accept less than after a good one at the next decision: -8.2 points [-14, -2].');
        expect(plain(afterBad([lag(1, of(0.01, -0.1, 0.12)), lag(2, of(0.08, 0.02, 0.14))]))).toContain('accept more than after a good one 2 decisions later: +8.0 points');
    });
    it('claims nothing of what may be chance, at one decision or among several', () => {
        expect(afterBad([lag(1, of(-0.08, -0.2, 0.04))])).toContain('not clear');
        expect(afterBad([lag(1, of(-0.08, -0.15, -0.01), 0.12)])).toContain('not clear');
        expect(afterBad([lag(1, of(-0.08, -0.15, -0.01), null)])).toContain('not clear');
    });
    it('claims nothing of an interval that touches zero as it is written', () => {
        expect(afterBad([lag(1, of(-0.08, -0.16, -0.001))])).toContain('not clear');
        expect(afterBad([lag(1, of(0.08, 0.0004, 0.16))])).toContain('not clear');
        expect(afterBad([lag(1, of(-0.02, -0.035, -0.0041))])).toContain('accept less');
    });
});

describe('how far people move', () => {
    const some = { ...of(0.1, 0.05, 0.15), numerator: 40 };
    const none = { ...of(0, 0, 0.01), numerator: 0 };
    const advice = { mean: of(0.217, 0.2, 0.23), median: none, ratio_of_sums: some, away: some, kept: of(0.6, 0.55, 0.65), between: some, taken: some, beyond: none };
    it('says where they end, as far as anyone did', () => {
        expect(plain(moved(advice))).toBe(
            'Of 400 outputs with a number that differed from their own, people moved 21.7 % [20.0, 23.0] of the way to it on average. ' +
                '60.0 % [55.0, 65.0] kept their own, 10.0 % [5, 15] ended between both, 10.0 % [5, 15] took the AI’s and 10.0 % [5, 15] moved away from it.',
        );
        expect(moved({ ...advice, beyond: some })).toContain('went past it');
    });
    it('says no more than is known', () => {
        expect(plain(moved({ ...advice, kept: { ...none, value: null } }))).toMatch(/on average\.$/);
        expect(moved({ ...advice, mean: { ...none, value: null } })).toBeUndefined();
    });
});

describe('who stays', () => {
    it('says when half are gone', () => {
        expect(halfGone(null)).toContain('More than half');
        expect(halfGone(0)).toBe('Half have stopped within the first week.');
        expect(plain(halfGone(2))).toBe('Half have stopped after 3 weeks.');
    });
    it('says why nobody is followed, if anybody came', () => {
        const why = (followed: number, too_new: number) => plain(nobodyFollowed({ followed, quiet_days: 28, too_new }));
        expect(why(0, 41)).toBe('Nobody who met it first in this range came early enough to be followed for 28 days: 41 users came too late.');
        expect(why(0, 1)).toContain(': 1 user came too late.');
        expect(why(0, 0)).toBe(undefined);
        expect(why(3, 41)).toBe(undefined);
    });
});

describe('no threshold', () => {
    const step = (above: number, error_rate: Estimate, p_value: number) => ({ above, error_rate, p_value, mean_user_error: 0.029, share: 0.1, outputs: 500, p_value_if_independent: 0 });
    const curve = [step(0.99, of(0.01, 0, 0.08, 40), 0.2), step(0.92, of(0.03, 0.02, 0.05, 90), 0.069), step(0.1, of(0.3, 0.28, 0.32, 291), 1)];
    const found = { curve, delta: 0.05, reason: 'risk_not_met' as const, risk: 0.1, least_users: 29, users_needed: 84, starts: [{ users: 40, above: 0.99 }, { users: 84, above: 0.92 }] };
    it('says that the band is not the test, and where the test failed', () => {
        expect(plain(notTheBand(found))).toMatch(/^The band is not the test: .* 2 starts .* above 0\.920, which 84 users have met, users see 3 % errors on average, p 0\.069, where at most 0\.025 will do\.$/);
    });
    it('is silent where the band does not suggest otherwise, or something else is the reason', () => {
        expect(notTheBand({ ...found, risk: 0.04 })).toBeUndefined();
        expect(notTheBand({ ...found, reason: 'too_few_users' })).toBeUndefined();
        expect(notTheBand({ ...found, reason: null })).toBeUndefined();
    });
    it('says whether users are what is missing', () => {
        expect(plain(usersEnough(found).there)).toBe('291 users');
        expect(usersEnough(found).says).toMatch(/^enough to begin with: .* about 84$/);
        expect(plain(usersEnough({ ...found, users_needed: 1_740 }).says)).toMatch(/^enough where hardly an output is wrong: .* about 1,740$/);
        expect(usersEnough({ ...found, least_users: 300, users_needed: 1_740 }).says).toMatch(/^too few: it takes 300 without an error; /);
        expect(usersEnough({ ...found, curve: [] }).says).toMatch(/^too few/);
    });
});

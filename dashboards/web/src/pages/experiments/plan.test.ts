import { expect, it } from 'vitest';
import type { Schemas } from '../../api/client';
import { broken, plan, spread, statusAt } from './plan';

function fields(values: [string, string][]): FormData {
    const form = new FormData();
    for (const [name, value] of values) form.append(name, value);
    return form;
}

const LEAST: [string, string][] = [
    ['name', 'shorter'],
    ['feature', 'email.draft'],
    ['control', 'a'],
    ['candidates', 'b, c,'],
    ['primary', 'acceptance_rate'],
    ['margin', '2'],
    ['margin_factor', '0.01'],
    ['start', '2026-11-26'],
    ['end', ''],
];

it('declares the arms in order, points as shares, and leaves out what is not there', () => {
    expect(plan(fields(LEAST), 'variant')).toEqual({
        name: 'shorter',
        feature: 'email.draft',
        arms: ['a', 'b', 'c'].map((name) => ({ name, filters: [{ dimension: 'variant', op: 'eq', value: name }] })),
        primary_metric: 'acceptance_rate',
        margin: 0.02,
        guardrails: [],
        starts_at: '2026-11-26T00:00:00Z',
    });
});

it('pairs guardrails with their margins, ends after the last day, and takes off the noise', () => {
    const more: [string, string][] = [
        ['guard', 'undo_rate'],
        ['guard_margin', '1'],
        ['guard_margin_factor', '0.01'],
        ['guard', 'acceptance_time_p50'],
        ['guard_margin', '250'],
        ['guard_margin_factor', '1'],
        ['before', 'on'],
    ];
    const declared = plan(fields([...LEAST.filter(([name]) => name !== 'end'), ['end', '2026-12-31'], ...more]), 'version');
    expect(declared.guardrails).toEqual([
        { metric: 'undo_rate', margin: 0.01 },
        { metric: 'acceptance_time_p50', margin: 250 },
    ]);
    expect([declared.ends_at, declared.days_before]).toEqual(['2027-01-01T00:00:00.000Z', 14]);
});

it('is planned, then runs, then has ended', () => {
    const at = (now: string, ends: string | null) => statusAt('2026-11-26T00:00:00Z', ends, Date.parse(now));
    expect(at('2026-11-25T23:59:59Z', null)).toBe('planned');
    expect(at('2026-11-26T00:00:00Z', null)).toBe('running');
    expect(at('2026-12-01T00:00:00Z', '2026-12-01T00:00:00Z')).toBe('ended');
});

const place = (p_value: number): Schemas['PlaceBalance'] => ({
    users: [393, 167],
    expected: [280, 280],
    p_value,
    adjusted_p_value: p_value,
    mismatch: p_value < 0.001,
    stands_out: p_value < 0.001,
});
const at = (days: number[], mismatch: boolean): Schemas['PlacesBalance'] => ({
    sentence: '',
    mismatch,
    arms: ['a', 'b'],
    over_time: days.map((p, day) => ({ from: `2026-11-0${day + 1}T00:00:00Z`, to: `2026-11-0${day + 2}T00:00:00Z`, balance: place(p) })),
    granularity: 'day',
    by_segment: [],
    segments_not_tested: 0,
    shares: [],
    left_out: [],
});

it('lays nothing on chance above a day or a segment that is off', () => {
    const as = (places: Schemas['PlacesBalance'] | null, mismatch = false) => spread({ mismatch, p_value: 0.4, places });
    expect(as(null)).toContain('Spread as planned, up to chance (p');
    expect(as(at([0.2], false))).toContain('Spread as planned, up to chance');
    expect(as(at([0.2], true))).toContain('Together as planned, but not everywhere');
    expect(as(at([0.2], true), true)).toContain('Not spread as planned');
    expect(spread({ mismatch: false, p_value: null, places: null })).toContain('cannot be told yet');
});

it('warns of the worst day that is off, and of no segment', () => {
    const why = (places: Schemas['PlacesBalance'] | null, mismatch = false) => broken({ mismatch, p_value: 0.4, places });
    expect(why(null)).toBe(undefined);
    expect(why(at([0.2, 0.4], true))).toBe(undefined);
    expect(why(at([0.2, 0.0005, 0.00001], true))).toContain('New users of 3 Nov');
    expect(why(at([0.00001], true), true)).toContain('do not have the shares');
});

import { expect, it } from 'vitest';
import { plan, statusAt } from './plan';

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

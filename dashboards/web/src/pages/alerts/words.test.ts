import { expect, it } from 'vitest';
import { about, looksFor, plan, watchable } from './words';

function form(fields: Record<string, string>): FormData {
    const values = new FormData();
    for (const [name, value] of Object.entries(fields)) values.set(name, value);
    return values;
}

it('a form says a rule, with the fields of its kind', () => {
    const fields = { name: ' low ', metric: 'acceptance_rate', side: 'below', threshold: '52.5', hysteresis: '', factor: '0.01', alpha: '5', min_n: '100', hours: '6', feature: 'f' };
    expect(plan(form({ ...fields, kind: 'threshold' }))).toEqual({
        name: 'low',
        kind: 'threshold',
        metric: 'acceptance_rate',
        side: 'below',
        threshold: 0.525,
        alpha: 0.05,
        min_n: 100,
        feature: 'f',
    });
    expect(plan(form({ ...fields, kind: 'no_data', feature: '' }))).toEqual({ name: 'low', kind: 'no_data', hours: 6, min_n: 100 });
});

it('rules are said in words', () => {
    const rule = { name: 'n', kind: 'threshold', side: 'below', threshold: 0.5 } as const;
    expect(looksFor(rule, 'Acceptance rate', 'share').replaceAll('\u00a0', ' ')).toBe('Acceptance rate below 50.0 %');
    expect(about({ feature: 'f', filters: [{ dimension: 'locale', op: 'eq', value: 'de' }] })).toBe('f, locale = de');
    expect(about({ filters: [{ dimension: 'plan', op: 'not_in', value: ['a', null] }] })).toBe('all features, plan not in a, none');
});

it('offers what a kind of rule takes', () => {
    const metrics = [
        { id: 'acceptance_rate', is_ratio: true },
        { id: 'users', is_ratio: false },
    ];
    expect(watchable(metrics, 'change').map(({ id }) => id)).toEqual(['acceptance_rate']);
    expect(watchable(metrics, 'threshold')).toHaveLength(2);
});

import { describe, expect, it } from 'vitest';
import { address } from '../api/client';
import { apiFilters, conditions, parse, write } from './filter';
import { periods, range } from './range';
import { changed, href } from './url';

const NOW = Date.parse('2026-11-25T14:00:00Z');
const params = (text: string) => new URLSearchParams(text);

describe('ranges', () => {
    it('end with today', () => {
        expect(range(params(''), NOW)).toEqual({ from: '2026-10-29T00:00:00Z', to: '2026-11-26T00:00:00Z' });
        expect(range(params('range=7d'), NOW).from).toBe('2026-11-19T00:00:00Z');
        expect(range(params('range=all'), NOW)).toEqual({});
    });
    it('take days as they are named, both of them', () => {
        const chosen = range(params('range=7d&from=2026-11-01&to=2026-11-02'), NOW);
        expect(chosen).toEqual({ from: '2026-11-01T00:00:00Z', to: '2026-11-03T00:00:00Z' });
        expect(range(params('from=yesterday&to=2026-13-99'), NOW).to).toBe('2026-11-26T00:00:00Z');
    });
    it('have periods before them', () => {
        expect(periods(params(''), NOW)).toEqual({
            from: '2026-11-19T00:00:00Z',
            to: '2026-11-26T00:00:00Z',
            before_from: '2026-11-12T00:00:00Z',
            before_to: '2026-11-19T00:00:00Z',
        });
        const whole = periods(params('change=range&from=2026-11-01&to=2026-11-10'), NOW);
        expect(whole.before_from).toBe('2026-10-22T00:00:00Z');
        expect(periods(params('change=range&range=all'), NOW)).toEqual({});
    });
});

describe('filters', () => {
    it('are written and read', () => {
        for (const condition of [
            { dimension: 'version', value: 'a=b' },
            { dimension: 'locale', value: '' },
            { dimension: 'plan', value: null },
        ]) {
            expect(parse(write(condition))).toEqual(condition);
        }
    });
    it('of one dimension are alternatives', () => {
        const all = conditions(params('filter=version%3Dv1&filter=version%3Dv2&filter=plan'));
        expect(apiFilters(all)).toEqual([
            { dimension: 'version', op: 'in', value: ['v1', 'v2'] },
            { dimension: 'plan', op: 'in', value: [null] },
        ]);
    });
});

describe('addresses', () => {
    it('change in the named parameters only', () => {
        const next = changed(params('b=1&a=2'), { b: null, c: ['3', '4'] });
        expect(href('/x', next)).toBe('/x?a=2&c=3&c=4');
        expect(href('/x', params(''))).toBe('/x');
    });
    it('fill in templates', () => {
        expect(address('/f/{feature}/t', { feature: 'a/b c' }, { from: undefined, n: 1, filters: '' })).toBe('/f/a%2Fb%20c/t?n=1');
    });
});

import { describe, expect, it } from 'vitest';
import { asked, chosen, METRICS, otherShare, parameters } from './asked';

const of = (text: string) => asked(new URLSearchParams(text));

describe('what a comparison is asked for', () => {
    it('is what goes without saying where the address is silent', () => {
        expect(of('')).toEqual({ margin: 1, share: undefined, before: undefined, users: 1_000, metrics: METRICS });
        expect(parameters(of(''))).toEqual({ metrics: METRICS.join(','), margin: 0.01, planned_users: 1_000 });
        expect(chosen(of(''))).toEqual([]);
    });
    it('is what the address says', () => {
        const all = of('margin=2.5&share=30&before=14&users=500&metric=undo_rate&metric=acceptance_rate&metric=undo_rate');
        expect(parameters(all)).toEqual({
            metrics: 'undo_rate,acceptance_rate',
            margin: 0.025,
            candidate_share: 0.3,
            days_before: 14,
            planned_users: 500,
        });
        expect(chosen(all)).toEqual([
            'differences from 2.5 points on',
            '30 % of users planned for the candidate',
            'noise taken off with 14 days before',
            'narrowest at 500 users',
            '2 metrics',
        ]);
        expect(of('margin=0').margin).toBe(0);
    });
    it('is never a number that the API refuses', () => {
        expect(of('margin=-1&share=100&before=1.5&users=0')).toEqual(of(''));
        expect(of('margin=much&share=0&before=366&users=1e10')).toEqual(of(''));
        expect(of('margin=&share=&before=&users=')).toEqual(of(''));
    });
    it('turns the planned share when the sides are swapped', () => {
        expect(otherShare(30)).toBe('70');
        expect(otherShare(33.3)).toBe('66.7');
        expect(otherShare(undefined)).toBeUndefined();
    });
});

import { describe, expect, it } from 'vitest';
import { day } from '../../format/time';
import { because, lastDay } from './words';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

it('a look stands at the last day that it covers', () => {
    expect(day(lastDay({ to: '2026-11-21T00:00:00Z' }))).toBe('20 Nov');
    expect(day(lastDay({ to: '2026-11-21T09:30:00Z' }))).toBe('21 Nov');
    expect(lastDay({ to: '2026-11-21T00:00:00Z' })).toBe(Date.UTC(2026, 10, 20));
});

describe('what a verdict rests on', () => {
    const side = { value: 0.8 } as never;
    const open = {
        baseline: side,
        candidate: side,
        detectable: 0.0469,
        enough_users: true,
        more_days_needed: 5_625,
        least_users: 100,
        users: 45,
        users_needed: 42_381,
        verdict: 'cannot_tell_yet' as const,
    };
    const says = (found: Partial<typeof open>) => plain(because({ ...open, ...found }, 0.01, 'share_difference'));
    it('names the difference that it would take so many users to show', () => {
        expect(says({})).toBe(
            'So many users would show a difference of 4.7 points four times in five. To show 1.0 points, the least worth having, takes about 42,381 users, 15 years more at this pace.',
        );
        expect(says({ more_days_needed: 0 })).toMatch(/about 42,381 users\.$/);
    });
    it('leaves it to the server how many users are enough', () => {
        expect(says({ enough_users: false })).toBe('45 users so far, and it takes at least 100.');
        expect(says({ enough_users: false, users: 1, least_users: 1_200 })).toBe('1 user so far, and it takes at least 1,200.');
    });
    it('asks for no users where none would do', () => {
        expect(says({ enough_users: false, users: 0 })).toBe('Not compared: how far each user moves it is not known.');
    });
    it('says what is there', () => {
        expect(says({ verdict: 'worse' as never })).toContain('leaves zero out');
        expect(says({ verdict: 'no_difference_worth_having' as never })).toContain('within 1.0 points of zero');
        expect(says({ candidate: { value: null } as never })).toContain('no value');
        expect(says({ users_needed: null as never })).toContain('holds zero');
    });
});

import { expect, it } from 'vitest';
import { counts, places, subject } from './words';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

it('says which places something may have', () => {
    expect(places(1, 1)).toBe('1st');
    expect(places(2, 3)).toBe('2nd to 3rd');
    expect(places(11, 22)).toBe('11th to 22nd');
});

it('names what stands in the way', () => {
    expect(subject({ feature: 'f', kind: 'reason', reason: 'made_up' })).toBe('made_up');
    expect(subject({ feature: 'f', kind: 'segment', dimension: 'locale', value: 'de' })).toContain('de');
    expect(subject({ feature: 'f', kind: 'accepted_wrong' })).toBe('Accepted though wrong');
});

it('says what a cost is counted from, and of how much it is known', () => {
    const one = {
        feature: 'f',
        standing: 'open' as const,
        cost: { value: 70, lower: 50, upper: 90, reason: null },
        outputs: 80,
        users: 40,
        told: null,
        judged: null,
        severity: 1,
        rank_from: 1,
        rank_to: 1,
        attempts: [],
    };
    const wrong = counts({ ...one, kind: 'accepted_wrong', judged: { kept: 160, judged: 120 } });
    expect(plain(wrong)).toBe('80 judged wrong · 40 users · of 160 accepted, 75 % are judged');
    const reason = counts({ ...one, kind: 'reason', reason: 'slow', told: { lost: 200, with_reason: 100 } });
    expect(plain(reason)).toBe('80 name it · 40 users · of 200 lost, 50 % say why');
    expect(plain(counts({ ...one, kind: 'segment', dimension: 'locale', value: 'de' }))).toBe('80 decided · 40 users');
});

import { expect, it } from 'vitest';
import { places, subject } from './words';

it('says which places something may have', () => {
    expect(places(1, 1)).toBe('1st');
    expect(places(2, 3)).toBe('2nd to 3rd');
    expect(places(11, 22)).toBe('11th to 22nd');
});

it('names what stands in the way', () => {
    expect(subject({ feature: 'f', kind: 'reason', reason: 'made_up' })).toBe('made_up');
    expect(subject({ feature: 'f', kind: 'segment', dimension: 'locale', value: 'de' })).toContain('de');
});

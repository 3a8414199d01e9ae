import { describe, expect, it } from 'vitest';
import type { Schemas } from '../../api/client';
import { culprit, MOST, of, standsOut } from './explained';

const named = (feature: string) => ({ feature }) as Schemas['FeatureExplanation'];

describe('a feature that is not in the answer', () => {
    it('has nothing to tell where all were asked for', () => {
        expect(of({ data: [named('chat')] }, 'chat')).toEqual(named('chat'));
        expect(of({ data: [named('chat')] }, 'draft')).toBe('nothing');
        expect(of({ data: [] }, 'draft')).toBe('nothing');
    });
    it('may be told elsewhere where the answer is full', () => {
        const data = Array.from({ length: MOST }, (_, at) => named(`f${at}`));
        expect(of({ data }, 'draft')).toBe('elsewhere');
        expect(of({ data }, 'f24')).toBe(data[24]);
    });
});

describe('the segment that did it', () => {
    const one = (value: string | null, excess: number, half: number) =>
        ({ value, excess: { value: excess, lower: excess - half, upper: excess + half, reason: null } }) as Schemas['Segment'];
    it('is three standard errors from what its size explains', () => {
        expect(standsOut(one('de', -0.3, 0.19))).toBe(true);
        expect(standsOut(one('de', -0.3, 0.2))).toBe(false);
        expect(standsOut({ excess: { value: 0.1, lower: null, upper: null, reason: null } })).toBe(false);
    });
    it('has a name', () => {
        expect(culprit({ leading: [one(null, 0.5, 0.1), one('de', 0.1, 0.1), one('fr', 0.4, 0.1)] })?.value).toBe('fr');
        expect(culprit({ leading: [] })).toBeUndefined();
    });
});

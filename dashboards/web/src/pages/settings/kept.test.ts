import { describe, expect, it } from 'vitest';
import { changes, inForce, inWords, type Kept, lost, ofForm, question, shortened } from './kept';

const NOW = Date.parse('2026-11-30T14:00:00Z');
const EVER: Kept = { texts: null, events: null, outputs: null };
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('what is kept', () => {
    it('is no longer than what it is in', () => {
        expect(inForce({ texts: null, events: 90, outputs: 30 })).toEqual({ texts: 30, events: 30, outputs: 30 });
        expect(inForce({ texts: 7, events: null, outputs: 30 })).toEqual({ texts: 7, events: 30, outputs: 30 });
        expect(inForce(EVER)).toEqual(EVER);
    });
    it('is said in a sentence', () => {
        expect(inWords(EVER)).toBe('Everything is kept for ever.');
        expect(plain(inWords({ texts: 1, events: null, outputs: 365 }))).toBe(
            'Texts are kept for 1 day, events for 365 days, outputs for 365 days, and numbers for ever.',
        );
        expect(plain(inWords({ ...EVER, texts: 30 }))).toBe('Texts are kept for 30 days, events for ever, outputs for ever, and numbers for ever.');
    });
    it('is asked for where it changes', () => {
        const form = new FormData();
        for (const [name, value] of Object.entries({ texts: ' 30 ', events: '', outputs: '730' })) form.set(name, value);
        const after = ofForm(form);
        expect(after).toEqual({ texts: 30, events: null, outputs: 730 });
        expect(changes({ texts: 30, events: 90, outputs: 365 }, after)).toEqual({ retain_events_days: null, retain_outputs_days: 730 });
        expect(changes(after, after)).toEqual({});
    });
});

describe('what goes', () => {
    it('is what is kept for less time than before, whichever setting does it', () => {
        expect(shortened(EVER, { ...EVER, texts: 30 })).toEqual(['texts']);
        expect(shortened(EVER, { ...EVER, outputs: 30 })).toEqual(['texts', 'events', 'outputs']);
        expect(shortened({ ...EVER, outputs: 30 }, { ...EVER, outputs: 60 })).toEqual([]);
        // The outputs were gone after 30 days anyway, and everything of them.
        expect(shortened({ ...EVER, outputs: 30 }, { ...EVER, events: 60, outputs: 30 })).toEqual([]);
    });
    it('is of outputs of some days', () => {
        expect(lost(EVER, { ...EVER, texts: 30 }, NOW)).toBeUndefined();
        expect(lost(EVER, { ...EVER, events: 30 }, NOW)).toEqual({ to: '2026-10-31T00:00:00.000Z' });
        expect(lost({ ...EVER, outputs: 60 }, { ...EVER, outputs: 30 }, NOW)).toEqual({ from: '2026-10-01T00:00:00.000Z', to: '2026-10-31T00:00:00.000Z' });
        expect(lost({ ...EVER, events: 30 }, { texts: null, events: 20, outputs: 60 }, NOW)).toEqual({ to: '2026-11-10T00:00:00.000Z' });
        expect(lost({ ...EVER, events: 10 }, { events: 10, texts: null, outputs: 20 }, NOW)).toEqual({ to: '2026-11-10T00:00:00.000Z' });
    });
    it('is named before it goes', () => {
        const asked = plain(question(EVER, { ...EVER, events: 30 }, 1_234, NOW));
        expect(asked).toBe(
            'Keep texts for 30 days, events for 30 days? Within the hour these are deleted, and nothing brings them back:\n\n' +
                '• texts received before 31 Oct 2026\n• events of outputs shown before 31 Oct 2026\n\nUp to 1,234 outputs lose events by it, or go.',
        );
        expect(question(EVER, { ...EVER, texts: 7 }, null, NOW)).not.toContain('Up to');
    });
});

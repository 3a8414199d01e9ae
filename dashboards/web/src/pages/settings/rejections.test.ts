import { expect, it } from 'vitest';
import type { Schemas } from '../../api/client';
import { daily, firstOf, reasons, summary } from './rejections';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const web = { id: 'w', name: 'web' };
const app = { id: 'a', name: 'app' };
const FOUND: Schemas['RejectedResponse'] = {
    data: [
        { bucket: '2026-11-18T00:00:00Z', key: app, code: 'too_many', events: 1 },
        { bucket: '2026-11-18T00:00:00Z', key: web, code: 'missing_field', events: 2 },
        { bucket: '2026-11-20T00:00:00Z', key: web, code: 'missing_field', events: 5 },
        { bucket: '2026-11-20T00:00:00Z', key: app, code: 'missing_field', events: 3 },
    ],
    totals: [
        { key: web, code: 'missing_field', events: 7 },
        { key: app, code: 'missing_field', events: 3 },
        { key: app, code: 'too_many', events: 1 },
    ],
    codes: [
        { code: 'missing_field', meaning: 'a field is absent', advice: 'send `path`', events: 10 },
        { code: 'too_many', meaning: 'more than allowed', advice: 'send fewer', events: 1 },
    ],
    events: 11,
    meta: { from: '2026-11-18T00:00:00Z', to: '2026-11-20T09:00:00Z', granularity: 'day' },
};

it('counts days without refused events too', () => {
    const days = daily(FOUND);
    expect(days.map(({ count }) => count)).toEqual([3, 0, 8]);
    expect(days.map(({ words }) => plain(words))).toEqual(['18 Nov: 3 events', '19 Nov: 0 events', '20 Nov: 8 events']);
    expect(daily({ ...FOUND, data: [] }).map(({ count }) => count)).toEqual([0, 0, 0]);
});

it('begins with a midnight, today being one of the days', () => {
    const now = Date.parse('2026-11-20T09:00:00Z');
    expect(firstOf(1, now)).toBe('2026-11-20T00:00:00.000Z');
    expect(firstOf(30, now)).toBe('2026-10-22T00:00:00.000Z');
});

it('names the keys of each reason, and when it was last', () => {
    expect(reasons(FOUND)).toEqual([
        {
            code: 'missing_field',
            meaning: 'A field is absent.',
            advice: 'Send `path`.',
            events: 10,
            keys: [
                { ...web, events: 7, last: '20 Nov' },
                { ...app, events: 3, last: '20 Nov' },
            ],
        },
        { code: 'too_many', meaning: 'More than allowed.', advice: 'Send fewer.', events: 1, keys: [{ ...app, events: 1, last: '18 Nov' }] },
    ]);
});

it('says it in a sentence', () => {
    expect(plain(summary(FOUND, 30))).toBe('11 events of 2 keys were refused in the last 30 days.');
    expect(plain(summary({ events: 1, totals: FOUND.totals.slice(2) }, 30))).toBe('1 event of 1 key was refused in the last 30 days.');
});

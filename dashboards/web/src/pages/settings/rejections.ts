/** What was refused, put together for its section. Pure. */

import type { Schemas } from '../../api/client';
import type { Counted } from '../../charts/counts';
import { count, counted } from '../../format/number';
import { day } from '../../format/time';

type Refused = Schemas['RejectedResponse'];

const DAY = 86_400_000;

/** The UTC midnight with which a number of days begins that ends with today. */
export function firstOf(days: number, now: number): string {
    return new Date((Math.floor(now / DAY) - days + 1) * DAY).toISOString();
}

/** How many were refused on each UTC day of the range, also where none were. */
export function daily({ data, meta }: Pick<Refused, 'data' | 'meta'>): Counted[] {
    const found = new Map<number, number>();
    for (const { bucket, events } of data) found.set(Date.parse(bucket), (found.get(Date.parse(bucket)) ?? 0) + events);
    const days: Counted[] = [];
    for (let x = Math.floor(Date.parse(meta.from) / DAY) * DAY; x < Date.parse(meta.to); x += DAY) {
        const events = found.get(x) ?? 0;
        days.push({ x, count: events, words: `${day(x)}: ${counted(events, 'event')}` });
    }
    return days;
}

export interface Reason {
    code: string;
    meaning: string;
    advice: string;
    events: number;
    /** Whose key, how often, and the last day on which it was. */
    keys: { id: string; name: string; events: number; last: string }[];
}

/** The reasons, most frequent first, each with the keys that events came with. */
export function reasons({ codes, totals, data }: Pick<Refused, 'codes' | 'totals' | 'data'>): Reason[] {
    return codes.map(({ code, meaning, advice, events }) => {
        const own = totals.filter((total) => total.code === code);
        const keys = own.map(({ key, events }) => {
            const last = data.findLast((one) => one.code === code && one.key.id === key.id);
            return { ...key, events, last: last === undefined ? '' : day(last.bucket) };
        });
        return { code, meaning: sentence(meaning), advice: sentence(advice), events, keys };
    });
}

/** All of it in a sentence. */
export function summary({ events, totals }: Pick<Refused, 'events' | 'totals'>, days: number): string {
    const keys = new Set(totals.map(({ key }) => key.id)).size;
    const verb = events === 1 ? 'was' : 'were';
    return `${counted(events, 'event')} of ${counted(keys, 'key')} ${verb} refused in the last ${count(days)} days.`;
}

/** What the server says in passing, as a sentence. */
function sentence(words: string): string {
    return `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}.`;
}

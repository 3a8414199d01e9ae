/** The time range of a page, and the two periods whose change is looked at. Days are UTC days. */

import { DAY } from '../format/time';

export const DEFAULT_RANGE = '28d';
export const DEFAULT_CHANGE = '7d';

export const RANGES = [
    ['7d', '7 days'],
    ['28d', '28 days'],
    ['90d', '90 days'],
    ['all', 'All time'],
] as const;

export const CHANGES = [
    ['7d', 'Last 7 days against the 7 before'],
    ['28d', 'Last 28 days against the 28 before'],
    ['range', 'This range against the one before'],
] as const;

/** Half-open; an end that is missing is left to the server. */
export interface Range {
    from?: string;
    to?: string;
}

const midnight = (time: number) => Math.floor(time / DAY) * DAY;
const iso = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z');
/** A day as people choose it, `2026-11-20`. */
export const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

function parseDay(text: string | null): number | undefined {
    if (text === null || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
    const time = Date.parse(`${text}T00:00:00Z`);
    return Number.isNaN(time) ? undefined : time;
}

/** The range of an address: `range=28d`, or `from` and `to` as days, both of them part of it. */
export function range(params: URLSearchParams, now: number): Range {
    const from = parseDay(params.get('from'));
    const to = parseDay(params.get('to'));
    if (from !== undefined || to !== undefined) {
        return { from: from === undefined ? undefined : iso(from), to: to === undefined ? undefined : iso(to + DAY) };
    }
    const days = dayCount(params.get('range') ?? DEFAULT_RANGE);
    if (days === undefined) return {};
    const end = midnight(now) + DAY;
    return { from: iso(end - days * DAY), to: iso(end) };
}

function dayCount(name: string): number | undefined {
    const found = /^(\d{1,4})d$/.exec(name);
    return found ? Number(found[1]) : undefined;
}

/** The later and the earlier period of a change; undefined where the server's own choice holds. */
export interface Periods {
    from?: string;
    to?: string;
    before_from?: string;
    before_to?: string;
}

export function periods(params: URLSearchParams, now: number): Periods {
    const shown = range(params, now);
    const end = shown.to === undefined ? midnight(now) + DAY : Date.parse(shown.to);
    const name = params.get('change') ?? DEFAULT_CHANGE;
    const length =
        name === 'range'
            ? shown.from === undefined
                ? undefined
                : end - Date.parse(shown.from)
            : (dayCount(name) ?? 7) * DAY;
    if (length === undefined || length <= 0) return {};
    return {
        from: iso(end - length),
        to: iso(end),
        before_from: iso(end - 2 * length),
        before_to: iso(end - length),
    };
}

/** The later period in words: `last 7 days`. */
export function periodName(params: URLSearchParams): string {
    const name = params.get('change') ?? DEFAULT_CHANGE;
    const days = dayCount(name);
    return days === undefined ? 'this range' : `last ${days} days`;
}

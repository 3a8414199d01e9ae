/** Times in UTC, as the API buckets them. */

import { counted } from './number';

/** Milliseconds. */
export const DAY = 86_400_000;

const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options });
const DAY_MONTH = format({ day: 'numeric', month: 'short' });
const MONTH = format({ month: 'short', year: 'numeric' });
const DATE = format({ day: 'numeric', month: 'short', year: 'numeric' });
const MINUTE = format({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
const HOUR = format({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

type Time = string | number;
export const day = (time: Time) => DAY_MONTH.format(new Date(time));
export const month = (time: Time) => MONTH.format(new Date(time));
export const date = (time: Time) => DATE.format(new Date(time));
export const minute = (time: Time) => `${MINUTE.format(new Date(time))} UTC`;

/** A bucket by its start: `20 Nov`, `week of 16 Nov`, `Nov 2026`. */
export function bucket(time: Time, granularity: string | null): string {
    if (granularity === 'hour') return HOUR.format(new Date(time));
    if (granularity === 'week') return `week of ${day(time)}`;
    if (granularity === 'month') return month(time);
    return day(time);
}

/** Half-open, as the first and the last day in it. */
export function span(from: Time, to: Time): string {
    const last = new Date(new Date(to).getTime() - 1);
    return `${date(from)} – ${date(last.getTime())}`;
}

/** A number of days in the unit that suits it: `12 days`, `14 months`, `15 years`. */
export function long(days: number): string {
    const [value, noun] = days < 90 ? [days, 'day'] : days < 2 * 365 ? [days / 30.44, 'month'] : [days / 365.25, 'year'];
    return counted(Math.round(value), noun);
}

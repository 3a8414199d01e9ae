/** Numbers as they are written everywhere: rounded to what their interval supports, with thin marks and no false digits. */

import type { Schemas } from '../api/client';

export interface Spread {
    value: number | null;
    lower?: number | null;
    upper?: number | null;
}

/** The units of the catalogue. One that is not known here is written as a plain number. */
export type Unit = Schemas['Unit'];

const MINUS = '\u2212';
/** Between a number and its unit; does not break. */
const GAP = '\u00a0';

/** A plain number with so many decimals. */
export function fixed(value: number, digits: number, signed = false): string {
    const text = Math.abs(value).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const isZero = Number(text.replace(/,/g, '')) === 0;
    const sign = value < 0 && !isZero ? MINUS : signed && !isZero ? '+' : '';
    return sign + text;
}

/** How many decimals the value and the ends of its interval deserve: the ends about two digits of the interval's width. */
function digits(width: number | null): { value: number; ends: number } {
    if (width === null || !(width > 0)) return { value: 1, ends: 1 };
    const ends = Math.min(4, Math.max(0, 1 - Math.floor(Math.log10(width))));
    return { value: ends === 0 && width < 30 ? 1 : ends, ends };
}

/** Whether an interval leaves zero out. */
export function isClear({ lower, upper }: Omit<Spread, 'value'>): boolean {
    return (lower ?? -1) > 0 || (upper ?? 1) < 0;
}

/** Whether an interval leaves zero out as it is written, too: no end of it is rounded to zero. */
export function isClearAsWritten(spread: Spread, unit: Unit): boolean {
    const { interval } = parts(spread, unit);
    return isClear({ lower: spread.lower ?? null, upper: spread.upper ?? null }) && !/[[ ]0(\.0+)?[\],]/.test(interval);
}

/** The unit of a difference of values of a unit. */
export function ofDifference(unit: Unit): Unit {
    return unit === 'share' ? 'share_difference' : unit;
}

function width({ lower, upper }: Spread): number | null {
    return lower === null || lower === undefined || upper === null || upper === undefined ? null : upper - lower;
}

/** What values of a unit are multiplied by, what stands after them, and whether a plus is written. */
function display(unit: Unit, value: number): { factor: number; suffix: string; signed: boolean } {
    switch (unit) {
        case 'share':
            return { factor: 100, suffix: `${GAP}%`, signed: false };
        case 'share_difference':
            return { factor: 100, suffix: `${GAP}points`, signed: true };
        case 'milliseconds':
            if (Math.abs(value) < 1_000) return { factor: 1, suffix: `${GAP}ms`, signed: false };
            if (Math.abs(value) < 120_000) return { factor: 1 / 1_000, suffix: `${GAP}s`, signed: false };
            if (Math.abs(value) < 7_200_000) return { factor: 1 / 60_000, suffix: `${GAP}min`, signed: false };
            return { factor: 1 / 3_600_000, suffix: `${GAP}h`, signed: false };
        default:
            return { factor: 1, suffix: '', signed: false };
    }
}

/** `35.2 %` and `[29, 42]`. */
export function parts(spread: Spread, unit: Unit, signed?: boolean): { value: string; interval: string } {
    if (spread.value === null) return { value: '–', interval: '' };
    if (unit === 'count') return { value: fixed(spread.value, 0), interval: '' };
    const shown = display(unit, spread.value);
    const wide = width(spread);
    const places = wide === null && shown.suffix.endsWith('ms') ? { value: 0, ends: 0 } : digits(wide === null ? null : wide * shown.factor);
    const sign = signed ?? shown.signed;
    const end = (value: number) => fixed(value * shown.factor, places.ends, sign);
    return {
        value: fixed(spread.value * shown.factor, unit === 'characters' && wide === null ? 0 : places.value, sign) + shown.suffix,
        interval:
            wide === null || spread.lower == null || spread.upper == null
                ? ''
                : `[${end(spread.lower)}, ${end(spread.upper)}]`,
    };
}

/** `35.2 % [29, 42]`. */
export function withInterval(spread: Spread, unit: Unit, signed?: boolean): string {
    const { value, interval } = parts(spread, unit, signed);
    return interval === '' ? value : `${value} ${interval}`;
}

/** Writes values along an axis, all in the unit that suits the largest: `20 %`, `+5`, `90 s`. */
export function ticker(unit: Unit, largest: number): (value: number) => string {
    const shown = display(unit, largest);
    const suffix = unit === 'share_difference' ? '' : shown.suffix;
    return (value) => {
        const written = value * shown.factor;
        const places = Number.isInteger(Number(written.toFixed(6))) ? 0 : Math.abs(written) < 1 ? 2 : 1;
        return fixed(written, places, shown.signed) + suffix;
    };
}

/** What values as large as this are multiplied by before they are written: marks that are round in that are round for readers. */
export function written(unit: Unit, largest: number): number {
    return display(unit, largest).factor;
}

export function count(value: number): string {
    return fixed(value, 0);
}

/** `1 output`, `1,096 outputs`. */
export function counted(value: number, noun: string): string {
    return `${count(value)}${GAP}${noun}${value === 1 ? '' : 's'}`;
}

export interface Evidence {
    n: number;
    users?: number | null;
    /** How the interval was made: it says whose users are counted. */
    method?: string | null;
}

/** Ways in which not each user is counted apart: the users are then those of the whole slice, of whom fewer may be behind the value. */
const OF_SLICE = /_groups$|_unclustered$/;

/** `n 1,096 · 21 users`; `n 675 of 285 users` where only the users of the whole slice are known, and just `n 12` where they are more than it. */
export function evidence({ n, users, method }: Evidence): string {
    const text = `n${GAP}${count(n)}`;
    if (users === null || users === undefined) return text;
    // Outputs of nobody known have no users to count.
    if (users === 0 && n > 0) return `${text} · users unknown`;
    if (!OF_SLICE.test(method ?? '')) return `${text} · ${counted(users, 'user')}`;
    return users < n ? `${text} of ${counted(users, 'user')}` : text;
}

/** A coefficient without a unit: `0.38` and `[−0.17, 0.35]`. */
export function coefficient({ value, lower, upper }: Spread): { value: string; interval: string } {
    if (value === null) return { value: '–', interval: '' };
    return {
        value: fixed(value, 2),
        interval: lower == null || upper == null ? '' : `[${fixed(lower, 2)}, ${fixed(upper, 2)}]`,
    };
}

/** A threshold on confidence, as an app compares with it: `0.920`. */
export function threshold(confidence: number): string {
    return fixed(confidence, 3);
}

/** `0.031`, `< 0.001`. */
export function pValue(p: number): string {
    return p < 0.001 ? `<${GAP}0.001` : fixed(p, 3);
}

/** A share of something, without an interval: `9 %`, `0.4 %`. */
export function percent(share: number): string {
    const points = share * 100;
    return `${fixed(points, points !== 0 && Math.abs(points) < 1 ? 1 : 0)}${GAP}%`;
}

/** From data to pixels, and round numbers in between. Pure. */

import { type Spread, ticker, type Unit, written } from '../format/number';
import { DAY, day, month } from '../format/time';

export interface Scale {
    (value: number): number;
    domain: readonly [number, number];
    range: readonly [number, number];
}

/** A straight line from one interval to another; a domain without length maps to the middle. */
export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
    const [from, to] = domain;
    const [start, end] = range;
    const scale = (value: number) =>
        to === from ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start);
    return Object.assign(scale, { domain, range });
}

/** The round step (1, 2 or 5 times a power of ten) that cuts a length into about so many parts. */
export function niceStep(length: number, parts: number): number {
    if (!(length > 0)) return 1;
    const rough = length / Math.max(1, parts);
    const power = 10 ** Math.floor(Math.log10(rough));
    const times = [1, 2, 5, 10].find((times) => times * power >= rough * (1 - 1e-9)) ?? 10;
    return times * power;
}

/** Round values within a domain, its ends included where they are round. */
export function ticks([from, to]: readonly [number, number], parts: number): number[] {
    if (to === from) return [from];
    const step = niceStep(to - from, parts);
    const first = Math.ceil(from / step - 1e-9);
    const last = Math.floor(to / step + 1e-9);
    // Rounded again, so that 3 × 0.1 is 0.3.
    const decimals = Math.max(0, -Math.floor(Math.log10(step)));
    return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toFixed(decimals)));
}

/** The smallest domain with round ends around values, within limits; some room where all are alike. */
export function niceDomain(values: readonly number[], limits: readonly [number, number], parts = 4): [number, number] {
    const finite = values.filter(Number.isFinite);
    if (finite.length === 0) return [...limits];
    let low = Math.max(limits[0], Math.min(...finite));
    let high = Math.min(limits[1], Math.max(...finite));
    if (high - low < 1e-9) {
        const room = Math.abs(low) * 0.1 || 0.05;
        [low, high] = [Math.max(limits[0], low - room), Math.min(limits[1], high + room)];
    }
    const step = niceStep(high - low, parts);
    const round = (value: number) => Number(value.toPrecision(12));
    return [
        Math.max(limits[0], round(Math.floor(low / step + 1e-9) * step)),
        Math.min(limits[1], round(Math.ceil(high / step - 1e-9) * step)),
    ];
}

/** The values and the ends of their intervals, as far as they are known. */
export function ends(points: readonly Spread[]): number[] {
    return points.flatMap(({ value, lower, upper }) => [value, lower ?? value, upper ?? value]).filter((end) => end !== null);
}

/** Those whose interval is at most so many times as wide as the last one's: beside the others it would look like a line. */
export function settled(points: readonly Spread[], times = 4): readonly Spread[] {
    const wide = ({ lower, upper }: Spread) => (lower == null || upper == null ? Infinity : upper - lower);
    const last = Math.min(...points.slice(-1).map(wide));
    return points.filter((point) => wide(point) <= times * last);
}

export interface Marked {
    domain: [number, number];
    marks: number[];
    /** Writes a mark in what the marks are round in. */
    format: (value: number) => string;
}

/** A domain around values with a few marks in it, round as values are written: hours are, and not milliseconds. */
export function marked(values: readonly number[], limits: readonly [number, number], unit: Unit): Marked {
    const largest = Math.max(...values.map(Math.abs), 0);
    const factor = written(unit, largest);
    const round = niceDomain(
        values.map((value) => value * factor),
        [limits[0] * factor, limits[1] * factor],
        3,
    );
    // Of −40 to 40 the step that suits three parts has 0 only.
    const marks = ticks(round, 3).length > 2 ? ticks(round, 3) : ticks(round, 4);
    return { domain: [round[0] / factor, round[1] / factor], marks: marks.map((mark) => mark / factor), format: ticker(unit, largest) };
}

/** Midnights (UTC) of a domain in milliseconds, at most so many and evenly spread; firsts of months where that is long. */
export function dayTicks([from, to]: readonly [number, number], most: number): number[] {
    const days = (to - from) / DAY;
    if (days / 28 > most) return monthTicks(from, to, most);
    const steps = [1, 2, 7, 14, 28];
    const step = (steps.find((step) => days / step <= most) ?? 28) * DAY;
    const found: number[] = [];
    for (let time = Math.ceil(from / DAY) * DAY; time <= to; time += step) found.push(time);
    return found;
}

/** About how wide a character of an axis is. */
const CHARACTER = 6.8;
/** What stays free between two marks of an axis. */
const FREE = 8;

export interface Written {
    x: number;
    words: string;
    anchor: 'start' | 'middle' | 'end';
    /** Where its words begin and end. */
    left: number;
    right: number;
}

/** Every so many marks of an axis, the first among them, so that they stay in the picture and none is written over another. */
export function fitting(axis: readonly { x: number; words: string }[], place: Scale, width: number): Written[] {
    const all = axis.map(({ x, words }): Written => {
        const at = place(x);
        const half = (words.length * CHARACTER) / 2;
        const [start, end] = place.range;
        if (at - half < start) return { x, words, anchor: 'start', left: at, right: at + 2 * half };
        if (at + half > Math.max(end, width)) return { x, words, anchor: 'end', left: at - 2 * half, right: at };
        return { x, words, anchor: 'middle', left: at - half, right: at + half };
    });
    for (let every = 1; every < all.length; every += 1) {
        const some = all.filter((_, at) => at % every === 0);
        if (some.every(({ left }, at) => at === 0 || left >= (some[at - 1]?.right ?? 0) + FREE)) return some;
    }
    return all.slice(0, 1);
}

/** Days to write below a picture of a width; months with their year where a day would not say which year it is of. */
export function dayAxis(domain: readonly [number, number], width: number): { x: number; words: string }[] {
    const words = domain[1] - domain[0] > 365 * DAY ? month : day;
    return dayTicks(domain, Math.max(2, Math.floor(width / 90))).map((x) => ({ x, words: words(x) }));
}

function monthTicks(from: number, to: number, most: number): number[] {
    const start = new Date(from);
    const months: number[] = [];
    for (let month = 0; ; month += 1) {
        const time = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + month, 1);
        if (time > to) break;
        if (time >= from) months.push(time);
    }
    const step = Math.ceil(months.length / Math.max(1, most));
    return months.filter((_, at) => at % step === 0);
}

/** The number of the position nearest to a place; -1 without positions. */
export function nearest(positions: readonly number[], at: number): number {
    let best = -1;
    let distance = Infinity;
    positions.forEach((position, number) => {
        if (Math.abs(position - at) < distance) [best, distance] = [number, Math.abs(position - at)];
    });
    return best;
}

/** From data to pixels, and round numbers in between. Pure. */

import { DAY, day } from '../format/time';

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

/** Days to write below a picture of a width. */
export function dayAxis(domain: readonly [number, number], width: number): { x: number; words: string }[] {
    return dayTicks(domain, Math.max(2, Math.floor(width / 90))).map((x) => ({ x, words: day(x) }));
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

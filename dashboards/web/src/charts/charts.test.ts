import { describe, expect, it } from 'vitest';
import { overlap, placeLabels } from './labels';
import { band, line } from './path';
import { dayAxis, dayTicks, ends, fitting, linear, marked, nearest, niceDomain, niceStep, settled, ticks } from './scale';

describe('scales', () => {
    it('map ends to ends', () => {
        const scale = linear([0, 2], [100, 0]);
        expect([scale(0), scale(1), scale(2)]).toEqual([100, 50, 0]);
        expect(linear([1, 1], [0, 10])(1)).toBe(5);
    });
    it('step in ones, twos and fives', () => {
        expect([niceStep(1, 5), niceStep(0.7, 4), niceStep(97, 4), niceStep(0, 3)]).toEqual([0.2, 0.2, 50, 1]);
    });
    it('have round ticks within the domain', () => {
        expect(ticks([0, 1], 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
        expect(ticks([0.13, 0.47], 4)).toEqual([0.2, 0.3, 0.4]);
        expect(ticks([3, 3], 4)).toEqual([3]);
    });
    it('leave room and stay within limits', () => {
        expect(niceDomain([0.42, 0.88], [0, 1])).toEqual([0.4, 1]);
        expect(niceDomain([], [0, 1])).toEqual([0, 1]);
        const [low, high] = niceDomain([0.5], [0, 1]);
        expect(low < 0.5 && high > 0.5).toBe(true);
        expect(niceDomain([-3, 2], [0, 1])).toEqual([0, 1]);
    });
    it('are made for what is known, not for what is hardly known at first', () => {
        const point = (value: number, wide: number | null) =>
            wide === null ? { value, lower: null, upper: null } : { value, lower: value - wide / 2, upper: value + wide / 2 };
        const points = [point(0.9, null), point(-0.3, 1.2), point(0.1, 0.41), point(0.05, 0.39), point(0.04, 0.1)];
        expect(settled(points).map(({ value }) => value)).toEqual([0.05, 0.04]);
        // Where nothing is known at last, nothing is known better than anything else.
        expect(settled(points.slice(0, 1))).toEqual(points.slice(0, 1));
        expect(settled([])).toEqual([]);
        expect(ends([{ value: null }, { value: 2, lower: 1 }, { value: 3 }])).toEqual([2, 1, 2, 3, 3, 3]);
        const { domain, marks } = marked([0, 5_400_000], [0, 1e12], 'milliseconds');
        expect([domain, marks]).toEqual([[0, 6_000_000], [0, 3_000_000, 6_000_000]]);
        // Below two minutes values are written in seconds, and so are marks beyond them.
        const seconds = marked([0, 119_000], [0, 1e12], 'milliseconds');
        expect(seconds.marks.map(seconds.format)).toEqual(['0\u00a0s', '50\u00a0s', '100\u00a0s', '150\u00a0s']);
    });
    it('have more than one mark', () => {
        for (const values of [[-0.33, 0.26], [-0.33, 0.31], [-0.1, 0.4], [0, 1], [0.42, 0.47], [0, 0], [0.2]]) {
            const { domain, marks } = marked(values, [-1, 1], 'share_difference');
            expect(marks.length).toBeGreaterThan(1);
            expect(domain[0] <= Math.min(...values) && domain[1] >= Math.max(...values)).toBe(true);
        }
        expect(marked([-0.33, 0.26], [-1, 1], 'share_difference').marks).toEqual([-0.4, -0.2, 0, 0.2, 0.4]);
    });
    it('write no mark over another', () => {
        const words = ['1', '2', '3 to 5', '6 to 10', '11 to 20', '21 to 50', '51 to 100', '101 to 200', '201 or more'];
        const axis = words.map((words, x) => ({ x, words }));
        for (const width of [200, 348, 390, 560, 1280]) {
            const place = linear([0, 8], [46, width - 12]);
            const written = fitting(axis, place, width);
            expect(written[0]).toMatchObject({ words: '1', anchor: 'start' });
            for (const [at, { left, right }] of written.entries()) {
                expect(left).toBeGreaterThan(written[at - 1]?.right ?? 0);
                expect(right).toBeLessThan(width + 1);
            }
        }
        expect(fitting(axis, linear([0, 8], [46, 1268]), 1280).length).toBe(9);
        expect(fitting(axis, linear([0, 8], [46, 378]), 390).map(({ words }) => words)).toEqual(['1', '6 to 10', '51 to 100']);
        expect(fitting([], linear([0, 1], [0, 1]), 390)).toEqual([]);
    });
    it('tick days', () => {
        const start = Date.UTC(2026, 10, 1);
        const days = dayTicks([start, start + 28 * 86_400_000], 6);
        expect(days.map((time) => new Date(time).getUTCDate())).toEqual([1, 8, 15, 22, 29]);
        expect(dayAxis([start, start + 400 * 86_400_000], 540)[0]?.words).toMatch(/^\w+ \d{4}$/);
        const months = dayTicks([start, start + 400 * 86_400_000], 7);
        expect(months.length).toBeLessThanOrEqual(7);
        expect(months.every((time) => new Date(time).getUTCDate() === 1)).toBe(true);
    });
    it('find the nearest', () => {
        expect(nearest([0, 10, 20], 14)).toBe(1);
        expect(nearest([], 14)).toBe(-1);
    });
});

describe('paths', () => {
    it('break where there is no value', () => {
        const points = [1, null, 3, 4].map((y, x) => ({ x, y }));
        expect(line(points)).toBe('M0 1h0M2 3L3 4');
    });
    it('close bands', () => {
        const points = [
            { x: 0, lower: 1, upper: 2 },
            { x: 1, lower: 2, upper: 4 },
            { x: 2, lower: null, upper: 4 },
            { x: 3, lower: 0, upper: 1 },
        ];
        expect(band(points, 2)).toBe('M0 2L1 4L1 2L0 1ZM2 1L4 1L4 0L2 0Z');
    });
});

describe('labels', () => {
    const frame = { x: 0, y: 0, width: 200, height: 200 };
    const item = (x: number, y: number) => ({ x, y, radius: 5, width: 60, height: 12 });
    it('stand to the right where there is room, else to the left', () => {
        expect(placeLabels([item(50, 50)], frame)).toEqual([{ x: 60, y: 50, anchor: 'start' }]);
        expect(placeLabels([item(180, 50)], frame)[0]?.anchor).toBe('end');
    });
    it('stand beside no other mark, of which they may be thought to be', () => {
        expect(placeLabels([item(150, 50), item(120, 66)], frame)[0]).toEqual({ x: 150, y: 34, anchor: 'middle' });
    });
    it('do not cover each other', () => {
        const items = [item(100, 100), item(104, 104), item(100, 110), item(96, 95)];
        const boxes = placeLabels(items, frame).map(({ x, y, anchor }) => ({
            x: anchor === 'start' ? x : anchor === 'end' ? x - 60 : x - 30,
            y: y - 6,
            width: 60,
            height: 12,
        }));
        for (const [at, one] of boxes.entries())
            for (const other of boxes.slice(at + 1)) expect(overlap(one, other)).toBeLessThan(1);
    });
});

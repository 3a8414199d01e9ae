import { describe, expect, it } from 'vitest';
import { overlap, placeLabels } from './labels';
import { band, line } from './path';
import { dayTicks, linear, nearest, niceDomain, niceStep, ticks } from './scale';

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
    it('tick days', () => {
        const start = Date.UTC(2026, 10, 1);
        const days = dayTicks([start, start + 28 * 86_400_000], 6);
        expect(days.map((time) => new Date(time).getUTCDate())).toEqual([1, 8, 15, 22, 29]);
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

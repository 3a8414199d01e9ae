import { expect, it } from 'vitest';
import { type Answer, immatureFrom } from './daily';

const months = (immature_from: string | null) =>
    ({
        data: ['2026-01-01', '2026-02-01', '2026-03-01'].map((day) => ({ bucket: `${day}T00:00:00Z`, group: {}, metrics: {} })),
        meta: { from: '2026-01-01T00:00:00Z', to: '2026-04-01T00:00:00Z', granularity: 'month', immature_from },
    }) as unknown as Answer;

it('shades from halfway before the first bucket in which decisions still arrive, months as long as they are', () => {
    const february = Date.UTC(2026, 1, 1);
    expect(immatureFrom(months('2026-02-28T12:00:00Z'))).toBe(february - 14 * 86_400_000);
    expect(immatureFrom(months('2026-03-01T00:00:00Z'))).toBe(Date.UTC(2026, 2, 1) - 15.5 * 86_400_000);
    expect(immatureFrom(months('2026-04-01T00:00:00Z'))).toBeUndefined();
    expect(immatureFrom(months(null))).toBeUndefined();
});

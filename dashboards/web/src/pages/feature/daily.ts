/** A feature over time: one question that several sections share. */

import { api, type Schemas } from '../../api/client';
import { type Loaded, useData } from '../../api/data';
import { dayTicks } from '../../charts/scale';
import type { TrendPoint } from '../../charts/trend';
import { evidence, type Unit, withInterval } from '../../format/number';
import { bucket, day } from '../../format/time';
import { conditions, apiFilters } from '../../state/filter';
import { dayOf } from '../../state/range';
import { useScope } from '../../state/scope';
import { onward } from '../../state/url';

export type Row = Schemas['QueryRow'];
export type Answer = Schemas['QueryResponse'];

const METRICS = [
    'shown',
    'decided',
    'acceptance_rate',
    'strict_acceptance_rate',
    'undo_rate',
    'ignore_rate',
    'correctness_rate',
    'edit_distance',
    'untouched_rate',
    'heavy_edit_rate',
    'retained_share',
    'retained_characters_per_shown',
    'soft_acceptance_rate',
    'final_share_of_ai',
    'generation_time_p50',
    'generation_time_p95',
    'decision_time_p50',
    'decision_time_p90',
    'rubber_stamp_rate',
    'regenerate_rate',
];

/** Outputs that a bucket should hold on average; with fewer, days are put together to weeks, or noise is all one sees. */
const LEAST = 50;
/** Days that make enough weeks for a picture. */
const LONG = 21;

export function useDaily(feature: string): Loaded<Answer> {
    const fine = useBuckets(feature, 'auto', true);
    const thin = fine.data !== undefined && isThin(fine.data);
    const coarse = useBuckets(feature, 'week', thin);
    return thin ? coarse : fine;
}

function isThin({ data, meta }: Answer): boolean {
    const shown = data.reduce((sum, row) => sum + (row.metrics['shown']?.value ?? 0), 0);
    return meta.granularity === 'day' && data.length >= LONG && shown < LEAST * data.length;
}

function useBuckets(feature: string, granularity: 'auto' | 'week', wanted: boolean): Loaded<Answer> {
    const { scope, params } = useScope();
    const { from, to } = scope;
    const body = {
        metrics: METRICS,
        filters: [...apiFilters(conditions(params)), { dimension: 'feature', op: 'eq' as const, value: feature }],
        granularity,
        fill: true,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
    };
    return useData(wanted ? `daily ${JSON.stringify(body)}` : null, () => api.post('/api/v1/query', { body }));
}

export const LENGTHS: Record<string, number> = { hour: 3_600_000, day: 86_400_000, week: 604_800_000, month: 2_678_400_000 };

/** The points of a metric, one per bucket, each leading to its examples. */
export function points(answer: Answer, metric: string, unit: Unit, feature: string): TrendPoint[] {
    const { granularity } = answer.meta;
    return answer.data.map((row) => {
        const start = row.bucket ?? answer.meta.from;
        const value = row.metrics[metric];
        const x = Date.parse(start);
        const name = bucket(start, granularity);
        const written = value === undefined || value.value === null ? 'no value' : `${withInterval(value, unit)}, ${evidence(value)}`;
        const end = x + (LENGTHS[granularity ?? 'day'] ?? 86_400_000) - 1;
        return {
            x,
            value: value?.value ?? null,
            lower: value?.lower ?? null,
            upper: value?.upper ?? null,
            words: `${name}: ${written}`,
            href: onward('/examples', { feature, from: dayOf(x), to: dayOf(end), range: null }),
        };
    });
}

/** Days to write below a picture of a width. */
export function axis(answer: Answer, width: number): { x: number; words: string }[] {
    const from = Date.parse(answer.data[0]?.bucket ?? answer.meta.from);
    const to = Date.parse(answer.data.at(-1)?.bucket ?? answer.meta.to);
    return dayTicks([from, to], Math.max(2, Math.floor(width / 90))).map((x) => ({ x, words: day(x) }));
}

/** Halfway before the first bucket in which decisions are still arriving; none if all have arrived. */
export function immatureFrom(answer: Answer): number | undefined {
    const from = answer.meta.immature_from;
    const length = LENGTHS[answer.meta.granularity ?? 'day'] ?? 0;
    const starts = answer.data.map((row) => Date.parse(row.bucket ?? answer.meta.from));
    const first = from == null ? undefined : starts.find((start) => start + length > Date.parse(from));
    return first === undefined ? undefined : first - length / 2;
}

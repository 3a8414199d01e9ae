/** A feature over time: one question that several sections share. */

import { api, type Schemas } from '../../api/client';
import { type Loaded, useData } from '../../api/data';
import { dayAxis } from '../../charts/scale';
import type { TrendPoint } from '../../charts/trend';
import { evidence, type Unit, withInterval } from '../../format/number';
import { bucket } from '../../format/time';
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
        from,
        to,
    };
    return useData(wanted ? `daily ${JSON.stringify(body)}` : null, () => api.post('/api/v1/query', { body }));
}

/** When each bucket starts and ends; the last one ends with the range. */
function buckets({ data, meta }: Answer): { start: number; end: number }[] {
    const starts = data.map((row) => Date.parse(row.bucket ?? meta.from));
    return starts.map((start, at) => ({ start, end: starts[at + 1] ?? Date.parse(meta.to) }));
}

/** The points of a metric, one per bucket, each leading to its examples. */
export function points(answer: Answer, metric: string, unit: Unit, feature: string): TrendPoint[] {
    const times = buckets(answer);
    return answer.data.map((row, at) => {
        const { start: x, end } = times[at] ?? { start: 0, end: 0 };
        const value = row.metrics[metric];
        const name = bucket(x, answer.meta.granularity);
        const written = value === undefined || value.value === null ? 'no value' : `${withInterval(value, unit)}, ${evidence(value)}`;
        return {
            x,
            value: value?.value ?? null,
            lower: value?.lower ?? null,
            upper: value?.upper ?? null,
            words: `${name}: ${written}`,
            href: onward('/examples', { feature, from: dayOf(x), to: dayOf(end - 1), range: null }),
        };
    });
}

/** Days to write below a picture of a width. */
export function axis(answer: Answer, width: number): { x: number; words: string }[] {
    const times = buckets(answer);
    return dayAxis([times[0]?.start ?? Date.parse(answer.meta.from), times.at(-1)?.start ?? Date.parse(answer.meta.to)], width);
}

/** Halfway before the first bucket in which decisions are still arriving; none if all have arrived. */
export function immatureFrom(answer: Answer): number | undefined {
    const from = answer.meta.immature_from;
    const first = from == null ? undefined : buckets(answer).find(({ end }) => end > Date.parse(from));
    return first === undefined ? undefined : first.start - (first.end - first.start) / 2;
}

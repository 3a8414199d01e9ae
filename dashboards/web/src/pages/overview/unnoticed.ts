/** Which wrong outputs users took, feature by feature, in one request: trust may equal trustworthiness where the wrong ones are trusted. */

import { api, type Estimate, type Schemas } from '../../api/client';
import { fresh, useData } from '../../api/data';
import { apiFilters, conditions } from '../../state/filter';
import { useScope } from '../../state/scope';

type Summary = Schemas['FeatureSummary'];

/** Wrong outputs that users took, of all that they decided and somebody judged. */
export interface Unnoticed {
    taken: number;
    judged: number;
    /** The share, with the lower end of the interval of how often what is wrong is taken. */
    least: number;
}

/** `undefined` where nothing wrong was taken. */
export function unnoticed(over_reliance: Estimate | undefined, trustworthiness: Estimate | undefined): Unnoticed | undefined {
    const taken = over_reliance?.numerator ?? 0;
    const wrong = over_reliance?.denominator ?? 0;
    const judged = trustworthiness?.denominator ?? 0;
    if (taken === 0 || judged === 0) return undefined;
    return { taken, judged, least: ((over_reliance?.lower ?? 0) * wrong) / judged };
}

/**
 * How much there is to gain: surely too much trust or too little by the gap, and in any case the outputs that are surely taken though wrong. Of
 * a feature that is trusted too much these are more than the gap, which what is right and declined makes smaller.
 */
export function concern({ verdict, metrics }: Summary, own: Unnoticed | undefined): number {
    const gap = verdict === 'over' || verdict === 'under' ? Math.abs(metrics['trust_gap']?.value ?? 0) : -1;
    return Math.max(gap, own?.least ?? -1);
}

export function useUnnoticed(features: Summary[]): ReadonlyMap<string, Unnoticed> {
    const { scope, params } = useScope();
    const { from, to } = scope;
    const body = { metrics: ['over_reliance'], group_by: ['feature'], filters: apiFilters(conditions(params)), from, to };
    const answer = fresh(useData(`unnoticed ${JSON.stringify(body)}`, () => api.post('/api/v1/query', { body })));
    const reliance = new Map(answer?.data.map(({ group, metrics }) => [group['feature'], metrics['over_reliance']]));
    return new Map(
        features.flatMap(({ feature, metrics }) => {
            const own = unnoticed(reliance.get(feature), metrics['trustworthiness']);
            return own === undefined ? [] : [[feature, own] as const];
        }),
    );
}

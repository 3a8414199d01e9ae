/** Whether features became more or less often right: for all of them in two requests. */

import { api, type Estimate, type Schemas } from '../../api/client';
import { fresh, useData } from '../../api/data';
import { useScope } from '../../state/scope';
import type { Range } from '../../state/range';

type Between = Schemas['Between'];

/** Many are looked at: one moved surely where its difference is so many standard errors from zero. */
export const SURE = 3;
/** Intervals are at 95 %. */
export const CRITICAL = 1.96;

/**
 * The later minus the earlier value where that surely is not zero. The periods are taken as independent, which makes the interval wider
 * than it is: the same users are in both.
 */
export function surely(before: Estimate | undefined, after: Estimate | undefined): Between | undefined {
    if (before?.value == null || after?.value == null) return undefined;
    const error = Math.hypot(before.standard_error ?? NaN, after.standard_error ?? NaN);
    const value = after.value - before.value;
    if (!(error > 0) || Math.abs(value) < SURE * error) return undefined;
    return { value, lower: value - CRITICAL * error, upper: value + CRITICAL * error, reason: null };
}

/** The features whose correctness surely moved between the two periods of a change, and by how much. */
export function useCorrectness(): ReadonlyMap<string, Between> {
    const { change } = useScope();
    const { from, to, before_from, before_to, ...filters } = change;
    const after = usePeriod(filters, from, to);
    const before = usePeriod(filters, before_from, before_to);
    const earlier = new Map(before?.data.map(({ feature, metrics }) => [feature, metrics['correctness_rate']]));
    return new Map(
        (after?.data ?? []).flatMap(({ feature, metrics }) => {
            const moved = surely(earlier.get(feature), metrics['correctness_rate']);
            return moved === undefined ? [] : [[feature, moved] as const];
        }),
    );
}

function usePeriod(filters: object, from: string | undefined, to: string | undefined) {
    const query: Range = { ...filters, from, to };
    // Without a start it would be all of time, twice.
    const key = from === undefined ? null : `features ${JSON.stringify(query)}`;
    return fresh(useData(key, () => api.get('/api/v1/features', { query }), 'analyses'));
}

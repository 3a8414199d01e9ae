/** What the explanation of many features says of one. Pure. */

import type { Schemas } from '../../api/client';
import { CRITICAL, SURE } from './correctness';

/** Features that are explained at once. */
export const MOST = 25;

type Answer = Pick<Schemas['ExplanationsResponse'], 'data'>;
type Segment = Schemas['Segment'];

/**
 * What moved a feature. One that is not in the answer has `nothing` in the later period, unless the answer has as many as were asked
 * for: then it may be told `elsewhere`.
 */
export function of({ data }: Answer, feature: string): Schemas['FeatureExplanation'] | 'nothing' | 'elsewhere' {
    return data.find((found) => found.feature === feature) ?? (data.length < MOST ? 'nothing' : 'elsewhere');
}

/** Whether a segment moved more than its size explains, beyond what the best of many would by chance. */
export function standsOut({ excess: { value, lower, upper } }: Pick<Segment, 'excess'>): boolean {
    if (value === null || lower === null || upper === null || upper <= lower) return false;
    return Math.abs(value) / ((upper - lower) / (2 * CRITICAL)) >= SURE;
}

/** The segment that moved most, if one surely stands out. */
export function culprit({ leading }: Pick<Schemas['FeatureExplanation'], 'leading'>): Segment | undefined {
    return leading.find((found) => found.value !== null && standsOut(found));
}

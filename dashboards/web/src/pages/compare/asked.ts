/** What a comparison is asked for besides its sides: what goes without saying, and what the address says. Pure. */

import type { QueryOf } from '../../api/client';
import { count } from '../../format/number';

/** What is compared unless other metrics are chosen. */
export const METRICS: readonly string[] = ['acceptance_rate', 'persistent_acceptance_rate', 'undo_rate', 'correctness_rate'];

/** The numbers by their names in the address: what each may be, and what it is unless it is chosen. */
export const NUMBERS = {
    margin: { min: 0, max: 100, usual: 1 },
    share: { min: 0.1, max: 99.9, usual: undefined },
    before: { min: 1, max: 365, usual: undefined },
    users: { min: 1, max: 1_000_000_000, usual: 1_000 },
} as const;

export interface Asked {
    /** The least difference worth having, in points. */
    margin: number;
    /** Users that were to be on the candidate's side, in percent. */
    share: number | undefined;
    /** Days before the range that the noise is taken off with. */
    before: number | undefined;
    /** Users at which the interval of all looks is narrowest. */
    users: number;
    /** The first is followed over time. */
    metrics: readonly string[];
}

/** What the address says; a number that cannot be is not said. */
export function asked(params: URLSearchParams): Asked {
    const said = (name: keyof typeof NUMBERS): number | undefined => {
        const { min, max, usual } = NUMBERS[name];
        const text = params.get(name) ?? '';
        const value = Number(text);
        const whole = name === 'margin' || name === 'share' || Number.isInteger(value);
        return text !== '' && whole && value >= min && value <= max ? value : usual;
    };
    const chosen = [...new Set(params.getAll('metric'))];
    return {
        margin: said('margin') ?? NUMBERS.margin.usual,
        share: said('share'),
        before: said('before'),
        users: said('users') ?? NUMBERS.users.usual,
        metrics: chosen.length === 0 ? METRICS : chosen,
    };
}

/** As the API takes it. */
export function parameters({ margin, share, before, users, metrics }: Asked): Omit<QueryOf<'/api/v1/compare'>, 'baseline' | 'candidate'> {
    return {
        metrics: metrics.join(','),
        margin: margin / 100,
        candidate_share: share === undefined ? undefined : share / 100,
        days_before: before,
        planned_users: users,
    };
}

/** The share of the other side. */
export function otherShare(share: number | undefined): string | undefined {
    return share === undefined ? undefined : String(Number((100 - share).toFixed(6)));
}

/** What is not as it goes without saying, in words. */
export function chosen({ margin, share, before, users, metrics }: Asked): string[] {
    const words: string[] = [];
    if (margin !== NUMBERS.margin.usual) words.push(`differences from ${margin} points on`);
    if (share !== undefined) words.push(`${share} % of users planned for the candidate`);
    if (before !== undefined) words.push(`noise taken off with ${before === 1 ? 'the day' : `${before} days`} before`);
    if (users !== NUMBERS.users.usual) words.push(`narrowest at ${count(users)} users`);
    if (metrics.join() !== METRICS.join()) words.push(metrics.length === 1 ? 'one metric' : `${metrics.length} metrics`);
    return words;
}

/** What is found of a feature, in words. Pure. */

import type { Schemas } from '../../api/client';
import { count, counted, isClearAsWritten, percent, pValue, threshold, withInterval } from '../../format/number';

/** The chance of a claim about any of several lags where there is nothing to claim. */
const ALPHA = 0.05;

/** Whether users accept less or more after a bad output than after a good one, by the first decision of which that holds however many were looked at. */
export function afterBad(recovery: Schemas['Lag'][]): string {
    const clear = recovery.find(
        ({ difference, adjusted_p_value }) => (adjusted_p_value ?? 1) < ALPHA && isClearAsWritten(difference, 'share_difference'),
    );
    if (clear === undefined) return 'Whether they accept less or more after a bad output than after a good one is not clear at any of these decisions.';
    const { lag, difference } = clear;
    const when = lag === 1 ? 'at the next decision' : `${count(lag)} decisions later`;
    return `After a bad output they accept ${(difference.value ?? 0) < 0 ? 'less' : 'more'} than after a good one ${when}: ${withInterval(difference, 'share_difference')}.`;
}

/** When half of the people have stopped, if they ever do. */
export function halfGone(weeks: number | null): string {
    if (weeks === null) return 'More than half still use it as long as anyone was followed.';
    return `Half have stopped ${weeks === 0 ? 'within the first week' : `after ${counted(weeks + 1, 'week')}`}.`;
}

/** Why nobody is followed from when they met it on; `undefined` where somebody is, or where nobody met it first in the range. */
export function nobodyFollowed({ followed, quiet_days, too_new }: Pick<Schemas['Staying'], 'followed' | 'quiet_days' | 'too_new'>): string | undefined {
    if (followed > 0 || too_new === 0) return undefined;
    return `Nobody who met it first in this range came early enough to be followed for ${counted(quiet_days, 'day')}: ${counted(too_new, 'user')} came too late.`;
}

/** How far people move from their own number to the AI's; `undefined` where there are no such numbers. */
export function moved({ mean, kept, between, taken, away, beyond }: Schemas['Advice']): string | undefined {
    if (mean.value === null) return undefined;
    const told = `Of ${counted(mean.n, 'output')} with a number that differed from their own, people moved ${withInterval(mean, 'share')} of the way to it on average.`;
    if (kept.value === null) return told;
    const ends = [
        `${withInterval(kept, 'share')} kept their own`,
        `${withInterval(between, 'share')} ended between both`,
        `${withInterval(taken, 'share')} took the AI’s`,
        ...(away.numerator === 0 ? [] : [`${withInterval(away, 'share')} moved away from it`]),
        ...(beyond.numerator === 0 ? [] : [`${withInterval(beyond, 'share')} went past it`]),
    ];
    return `${told} ${ends.slice(0, -1).join(', ')} and ${ends.at(-1)}.`;
}

type Autonomy = Pick<Schemas['AutonomyResponse'], 'curve' | 'delta' | 'least_users' | 'reason' | 'risk' | 'starts' | 'users_needed'>;

/**
 * Why no threshold is safe although the band of the curve is below the risk somewhere: the band is of one step and of outputs, the test is of
 * users and goes from step to step. `undefined` where the band does not say so, or where too few users are the reason.
 */
export function notTheBand({ curve, delta, reason, risk, starts }: Omit<Autonomy, 'least_users' | 'users_needed'>): string | undefined {
    if (reason !== 'risk_not_met' || !curve.some(({ error_rate: { upper } }) => upper !== null && upper < risk)) return undefined;
    const guarantee = 'The band is not the test: it is of outputs and of one threshold alone. The guarantee is for users, each counting once, and for all thresholds at once';
    const failed = starts.flatMap(({ above, users }) => {
        const first = curve.find((step) => step.above === above);
        if (first === undefined) return [];
        return `above ${threshold(first.above)}, which ${counted(users, 'user')} have met, users see ${percent(first.mean_user_error ?? 0)} errors on average, p ${pValue(first.p_value)}`;
    });
    if (failed.length === 0) return `${guarantee}.`;
    return `${guarantee}: they are tested from ${counted(starts.length, 'start')} down to the first that fails, which here is each start: ${failed.join('; ')}, where at most ${pValue(delta / starts.length)} will do.`;
}

/** Whether users are what is missing, beside how many there are. */
export function usersEnough({ curve, least_users, users_needed }: Pick<Autonomy, 'curve' | 'least_users' | 'users_needed'>): { there: string; says: string } {
    const users = curve.at(-1)?.error_rate.users ?? 0;
    const half = `were errors half as many as the risk, it would take about ${count(users_needed)}`;
    const says =
        users >= users_needed
            ? `enough to begin with: ${half}`
            : users >= least_users
              ? `enough where hardly an output is wrong: ${half}`
              : `too few: it takes ${count(least_users)} without an error; ${half}`;
    return { there: counted(users, 'user'), says };
}

/** What a comparison says beside its numbers. Pure. */

import type { Schemas } from '../../api/client';
import { count, counted, type Spread, type Unit, withInterval } from '../../format/number';
import { DAY, long } from '../../format/time';

/** The last day that a look covers, as its start: looks end at the midnight after it, or within it. */
export function lastDay({ to }: Pick<Schemas['Look'], 'to'>): number {
    return Math.floor((Date.parse(to) - 1) / DAY) * DAY;
}

type Compared = Pick<
    Schemas['ComparedMetric'],
    'baseline' | 'candidate' | 'detectable' | 'enough_users' | 'least_users' | 'more_days_needed' | 'users' | 'users_needed' | 'verdict'
>;

/** What a verdict rests on and, where it is open, what it would take; `margin` is the least difference worth having, `unit` that of differences. */
export function because(compared: Compared, margin: number, unit: Unit): string {
    const { baseline, candidate, detectable, enough_users, least_users, more_days_needed, users, users_needed, verdict } = compared;
    const size = (value: number) => withInterval({ value }, unit, false);
    if (verdict === 'no_difference_worth_having') return `The interval at all looks is within ${size(margin)} of zero.`;
    if (verdict !== 'cannot_tell_yet') return 'The interval at all looks leaves zero out.';
    if (baseline.value === null || candidate.value === null) return 'It has no value on one of the sides.';
    // Of a median, say, it is not known what each user adds to it.
    if (users === 0) return 'Not compared: how far each user moves it is not known.';
    if (!enough_users) return `${counted(users, 'user')} so far, and it takes at least ${count(least_users)}.`;
    if (users_needed === null) return 'The interval at all looks holds zero.';
    const now = detectable === null ? '' : `So many users would show a difference of ${size(detectable)} four times in five. `;
    const pace = more_days_needed === null || more_days_needed === 0 ? '' : `, ${long(more_days_needed)} more at this pace`;
    return `${now}To show ${size(margin)}, the least worth having, takes about ${counted(users_needed, 'user')}${pace}.`;
}

/** What holds all of some differences, as far to either side of zero. */
export function reach(differences: Spread[]): [number, number] {
    const ends = differences.flatMap(({ value, lower, upper }) => [value, lower, upper].map((end) => Math.abs(end ?? 0)));
    const most = Math.max(...ends, 1e-9);
    return [-most, most];
}

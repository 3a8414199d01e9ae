/** What the form declares, where an experiment stands, and how its users are spread. Pure. */

import type { Schemas } from '../../api/client';
import { pValue } from '../../format/number';
import { bucket, DAY } from '../../format/time';
import { list, text } from '../../parts/values';

/** Days before the start that the noise is taken off with. */
export const DAYS_BEFORE = 14;

/** The declaration that the fields make. */
export function plan(values: FormData, dimension: string): Schemas['ExperimentPlan'] {
    const names = [text(values, 'control'), ...list(values, 'candidates')];
    const margin = (name: string, at: number) => Number(values.getAll(name)[at]) * Number(values.getAll(`${name}_factor`)[at]);
    const end = text(values, 'end');
    return {
        name: text(values, 'name'),
        feature: text(values, 'feature'),
        arms: names.map((name) => ({ name, filters: [{ dimension, op: 'eq', value: name }] })),
        primary_metric: text(values, 'primary'),
        margin: margin('margin', 0),
        guardrails: values.getAll('guard').map((metric, at) => ({ metric: String(metric), margin: margin('guard_margin', at) })),
        starts_at: `${text(values, 'start')}T00:00:00Z`,
        ...(end === '' ? {} : { ends_at: new Date(Date.parse(`${end}T00:00:00Z`) + DAY).toISOString() }),
        ...(values.get('before') === null ? {} : { days_before: DAYS_BEFORE }),
    };
}

/** Where an experiment stands at a moment. */
export function statusAt(starts: string, ends: string | null, now: number): Schemas['ExperimentStatus'] {
    if (now < Date.parse(starts)) return 'planned';
    return ends !== null && now >= Date.parse(ends) ? 'ended' : 'running';
}

type Balance = Pick<Schemas['ArmBalance'], 'mismatch' | 'p_value' | 'places'>;

/** How all users are spread over the arms. Chance is not said to explain it where it is off on some day or in some segment. */
export function spread({ mismatch, p_value, places }: Balance): string {
    if (p_value === null) return 'Whether they are spread as planned cannot be told yet.';
    const off = places?.mismatch ? 'Together as planned, but not everywhere' : 'Spread as planned, up to chance';
    return `${mismatch ? 'Not spread as planned' : off} (p ${pValue(p_value)}).`;
}

/** Why no difference may be believed: users are not spread as planned, or those of some day are not. */
export function broken({ mismatch, places }: Balance): string | undefined {
    if (mismatch) {
        return 'The arms do not have the shares of users that were planned: something else than chance decides who is counted. Believe no difference before it is found.';
    }
    const off = places?.over_time.filter((own) => own.balance.stands_out) ?? [];
    const [worst] = off.sort((one, other) => (one.balance.p_value ?? 1) - (other.balance.p_value ?? 1));
    if (worst === undefined) return undefined;
    const of = bucket(worst.from, places?.granularity ?? null);
    return `New users of ${of} are not spread over the arms as planned: something else than chance decided who is in which arm, and no arm can bring that about. Believe no difference before it is found.`;
}

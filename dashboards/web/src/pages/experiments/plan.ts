/** What the form declares, and where an experiment stands. Pure. */

import type { Schemas } from '../../api/client';
import { DAY } from '../../format/time';
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

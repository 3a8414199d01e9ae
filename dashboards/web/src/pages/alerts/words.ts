/** How rules, states and deliveries are said. Pure. */

import type { Schemas } from '../../api/client';
import { counted, type Unit, withInterval } from '../../format/number';
import { segment } from '../../format/words';
import { text } from '../../parts/values';

export const STATES: Record<Schemas['AlertState'], { words: string; sign: string; why: string }> = {
    firing: { words: 'Firing', sign: '▲', why: 'It has fired and is not over.' },
    ok: { words: 'All well', sign: '●', why: 'The last look that told anything found nothing.' },
    waiting: { words: 'Waiting', sign: '○', why: 'There was not enough to say yet.' },
};

export const KINDS: Record<Schemas['AlertKind'], { words: string; why: string }> = {
    threshold: { words: 'Threshold', why: 'Fires when the whole interval is past a level.' },
    change: { words: 'Change', why: 'Fires when the level is another than in the days before.' },
    verdict: { words: 'Verdict', why: 'Fires when the verdict on trust is another.' },
    no_data: { words: 'No data', why: 'Fires when nothing is shown although something was due.' },
};

export const CAUSES: Record<Schemas['AlertCause'], string> = {
    crossed: 'fired',
    changed: 'fired',
    silent: 'fired',
    verdict_changed: 'fired',
    recovered: 'over',
    settled: 'settled',
};

export const STANDINGS: Record<Schemas['LookStanding'], string> = {
    told: '',
    too_few: 'too few to say',
    too_few_users: 'too few users to say',
    no_interval: 'no value with an interval',
    no_baseline: 'too little before to compare with',
    settling: 'learning the level anew',
};

export const DELIVERIES: Record<Schemas['DeliveryState'], { words: string; sign: string }> = {
    waiting: { words: 'On its way', sign: '○' },
    delivered: { words: 'Delivered', sign: '●' },
    dead: { words: 'Given up', sign: '▲' },
};

type Plan = Schemas['AlertPlan'];

/** `chat.answer, locale = de`, or `all features`. */
export function about({ feature, filters }: Pick<Plan, 'feature' | 'filters'>): string {
    const conditions = (filters ?? []).map(({ dimension, op, value }) => {
        const values = (Array.isArray(value) ? value : [value]) as (string | null)[];
        if (values.length === 1 && (op === 'eq' || op === 'in')) return segment(dimension, values[0] ?? null);
        return `${dimension} ${op === 'ne' || op === 'not_in' ? 'not ' : ''}in ${values.map((one) => one ?? 'none').join(', ')}`;
    });
    return [feature ?? 'all features', ...conditions].join(', ');
}

/** What a rule looks for: `Acceptance rate below 50 %`. */
export function looksFor(plan: Plan, title: string, unit: Unit): string {
    switch (plan.kind) {
        case 'threshold':
            return `${title} ${plan.side} ${withInterval({ value: plan.threshold ?? null }, unit)}`;
        case 'change':
            return `${title} ${plan.side === 'above' ? 'rises' : plan.side === 'below' ? 'falls' : 'moves'}, against ${counted(plan.baseline_days ?? 0, 'day')} before`;
        case 'verdict':
            return 'Another verdict on trust';
        case 'no_data':
            return `Nothing shown for ${counted(plan.hours ?? 0, 'hour')}`;
    }
}

/** The metrics that a kind of rule takes: changes are found in shares and means of outputs alone. */
export function watchable<T extends Pick<Schemas['MetricDefinition'], 'is_ratio'>>(metrics: T[], kind: Schemas['AlertKind']): T[] {
    return kind === 'change' ? metrics.filter(({ is_ratio }) => is_ratio) : metrics;
}

/** The metric that a rule looks at. */
export function metricOf({ kind, metric }: Pick<Plan, 'kind' | 'metric'>): string {
    if (kind === 'verdict') return 'trust_gap';
    return kind === 'no_data' ? 'shown' : (metric ?? '');
}

/** What the fields of the form say. Shares are typed in points. */
export function plan(values: FormData): Plan {
    const number = (name: string) => (text(values, name) === '' ? undefined : Number(text(values, name)));
    const factor = number('factor') ?? 1;
    const kind = text(values, 'kind') as Schemas['AlertKind'];
    const scaled = (name: string) => {
        const value = number(name);
        return value === undefined ? undefined : Number((value * factor).toPrecision(12));
    };
    const fields: Partial<Record<keyof Plan, unknown>> = {
        feature: text(values, 'feature'),
        min_n: number('min_n'),
    };
    if (kind !== 'no_data') Object.assign(fields, { window_days: number('window_days'), min_users: number('min_users'), alpha: percentOf(number('alpha')) });
    if (kind === 'threshold' || kind === 'change') Object.assign(fields, { metric: text(values, 'metric'), side: text(values, 'side') });
    if (kind === 'threshold') Object.assign(fields, { threshold: scaled('threshold'), hysteresis: scaled('hysteresis') });
    if (kind === 'change') fields.baseline_days = number('baseline_days');
    if (kind === 'no_data') fields.hours = number('hours');
    const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
    return { name: text(values, 'name'), kind, ...Object.fromEntries(given) } as Plan;
}

const percentOf = (value: number | undefined) => (value === undefined ? undefined : Number((value / 100).toPrecision(12)));

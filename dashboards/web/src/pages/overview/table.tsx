/** Every feature with its numbers, its trends and what changed. */

import type { ComponentChildren } from 'preact';
import { api, type Schemas } from '../../api/client';
import { fresh, useData } from '../../api/data';
import { Sparkline } from '../../charts/sparkline';
import { count, counted, percent, type Spread } from '../../format/number';
import { Estimate } from '../../parts/estimate';
import { Explained, Term } from '../../parts/term';
import { VerdictName } from '../../parts/verdict';
import { periodName } from '../../state/range';
import { useScope } from '../../state/scope';
import { set, toFeature } from '../../state/url';
import { Change, type Explanations, useExplanations } from './change';
import { useCorrectness } from './correctness';

type Summary = Schemas['FeatureSummary'];

const TRENDS = ['acceptance_rate', 'correctness_rate'] as const;
const LABELS = { acceptance_rate: 'Acceptance', correctness_rate: 'Correctness' };

/** What the server ranks features by: those that want attention first, small ones no further ahead than is known of them. */
const RANKS: Record<string, string> = { gap: 'trust_gap', acceptance: 'acceptance_rate', correctness: 'correctness_rate', shown: 'shown' };
const DEFAULT_ORDER = 'shown';

/** The order of the table, as the address says. */
const order = (params: URLSearchParams) => params.get('order') ?? DEFAULT_ORDER;

/** The metric by which the server ranks the features of an address; by name without one. */
export const rankBy = (params: URLSearchParams) => RANKS[order(params)];

export function FeatureTable({ features, days }: { features: Summary[]; days: number }) {
    const { params } = useScope();
    const sort = order(params);
    const explained = useExplanations();
    const moved = useCorrectness();
    const trends = useTrends(isThin(features, days));
    const head = (name: string, label: ComponentChildren) => (
        <th scope="col" aria-sort={sort === name ? (name === 'feature' ? 'ascending' : 'other') : undefined}>
            {label}{' '}
            <button type="button" class="sort" aria-label={`Sort by ${name}`} onClick={() => set({ order: name === DEFAULT_ORDER ? null : name }, true)}>
                {sort === name ? '▾' : '▿'}
            </button>
        </th>
    );
    return (
        <section aria-labelledby="features">
            <h2 id="features">Features</h2>
            <table class="features cards headed">
                <thead>
                    <tr>
                        {head('feature', 'Feature')}
                        {head('gap', <Term metric="trust_gap" />)}
                        {head('acceptance', <Term metric="acceptance_rate">Acceptance</Term>)}
                        {head('correctness', <Term metric="correctness_rate" />)}
                        <th scope="col">
                            <Explained text={`Acceptance, ${periodName(params)} against the time before, and the segment that did most of it; correctness too, where it surely moved.`}>
                                Change, {periodName(params)}
                            </Explained>
                        </th>
                        {head('shown', 'Shown')}
                    </tr>
                </thead>
                <tbody>
                    {features.map((feature) => (
                        <Row key={feature.feature} {...feature} explained={explained} moved={moved.get(feature.feature)} trends={trends.get(feature.feature)} />
                    ))}
                </tbody>
            </table>
        </section>
    );
}

type Trends = Record<(typeof TRENDS)[number], (Spread & { x: number })[]>;

interface Told {
    explained: Explanations;
    /** How far correctness moved, where it surely did. */
    moved: Schemas['Between'] | undefined;
    trends: Trends | undefined;
}

function Row({ feature, verdict, metrics, explained, moved, trends }: Summary & Told) {
    const judged = metrics['correctness_rate']?.n ?? 0;
    const shown = metrics['shown']?.value ?? 0;
    return (
        <tr>
            <th scope="row">
                <a href={toFeature(feature)}>{feature}</a>
                <VerdictName verdict={verdict} />
            </th>
            <td data-label="Trust gap">
                <Estimate metric="trust_gap" value={metrics['trust_gap']} />
            </td>
            {TRENDS.map((metric) => (
                <td key={metric} data-label={LABELS[metric]}>
                    <Estimate metric={metric} value={metrics[metric]} />
                    {trends !== undefined && <Sparkline points={trends[metric]} label={`${LABELS[metric]} of ${feature} over time`} />}
                </td>
            ))}
            <td data-label="Change">
                <Change feature={feature} explained={explained} correctness={moved} />
            </td>
            <td data-label="Shown">
                <span class="estimate">
                    <span class="number">{count(shown)}</span>
                    <span class="evidence">
                        {counted(metrics['users']?.value ?? 0, 'user')} · {percent(shown > 0 ? judged / shown : 0)} judged
                    </span>
                </span>
            </td>
        </tr>
    );
}

/** Outputs a day below which the trend of a feature is noise, and days that make enough weeks for one. */
const LEAST = 50;
const LONG = 21;

/** Whether most features are shown too seldom for daily trends. */
function isThin(features: Summary[], days: number): boolean {
    const thin = features.filter(({ metrics }) => (metrics['shown']?.value ?? 0) < LEAST * days);
    return days >= LONG && thin.length > features.length / 2;
}

/** The trends of all features, in one request. */
function useTrends(byWeek: boolean): Map<string, Trends> {
    const { scope } = useScope();
    const granularity = byWeek ? ('week' as const) : ('auto' as const);
    const query = { ...scope, metrics: TRENDS.join(','), group_by: 'feature', granularity };
    const data = fresh(useData(`trends ${JSON.stringify(query)}`, () => api.get('/api/v1/series', { query })));
    const found = new Map<string, Trends>();
    for (const row of data ?? []) {
        const name = String(row['feature']);
        const own = found.get(name) ?? { acceptance_rate: [], correctness_rate: [] };
        const number = (column: string) => row[column] as number | null;
        for (const metric of TRENDS) {
            own[metric].push({
                x: Date.parse(String(row['time'])),
                value: number(metric),
                lower: number(`${metric}_lower`),
                upper: number(`${metric}_upper`),
            });
        }
        found.set(name, own);
    }
    return found;
}

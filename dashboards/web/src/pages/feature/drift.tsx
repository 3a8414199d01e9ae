/** Changes of level that are more than chance, each with its day, its size and its segments. */

import { api, type Schemas } from '../../api/client';
import { type Loaded, useData } from '../../api/data';
import { Bars } from '../../charts/bars';
import { dayAxis } from '../../charts/scale';
import { Trend } from '../../charts/trend';
import { count, counted, fixed, percent, withInterval } from '../../format/number';
import { date, day } from '../../format/time';
import { segment } from '../../format/words';
import { useUnit } from '../../parts/catalogue';
import { Difference } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Await } from '../../parts/states';
import { Term } from '../../parts/term';
import { dayOf } from '../../state/range';
import { useScope } from '../../state/scope';
import { onward } from '../../state/url';
import { standsOut } from '../overview/explained';

type Found = Schemas['DriftResponse'];

/** Drift over all of the feature's time: what is normal is learnt from its first days, not from the range of the page. */
export function useDrift(feature: string): Loaded<Found> {
    const { scope } = useScope();
    const query = { filters: scope.filters };
    const load = () => api.get('/api/v1/features/{feature}/drift', { path: { feature }, query });
    return useData(`drift ${feature} ${JSON.stringify(query)}`, load, 'analyses');
}

export function Drift({ feature }: { feature: string }) {
    const drift = useDrift(feature);
    return (
        <Await of={drift}>
            {(found) => (
                <>
                    <p class="foot">{lookedAt(found.data)}</p>
                    <ul class="findings">
                        {found.data.map((metric) => (
                            <Metric key={metric.metric} feature={feature} {...metric} />
                        ))}
                    </ul>
                    <Charts data={found.data} />
                    {found.confidence !== null && <Confidence {...found.confidence} />}
                </>
            )}
        </Await>
    );
}

/** The days that were looked at: those of the feature with enough to go by. */
function lookedAt(metrics: Schemas['DriftedMetric'][]): string {
    const known = (days: (string | null)[]) => days.filter((day) => day !== null).sort();
    const first = known(metrics.map(({ first_day }) => first_day))[0];
    const last = known(metrics.map(({ last_day }) => last_day)).at(-1);
    if (first === undefined || last === undefined) return 'No day has enough to go by yet.';
    return `Looked for in all days with enough to go by, ${date(first)} – ${date(last)}. Days whose decisions may still arrive are left out.`;
}

/** Days that a change can be told of, and that make a picture. */
const LEAST_DAYS = 14;

/** Each day beside the limits that chance keeps it in while the level is the same. */
function Charts({ data }: Pick<Found, 'data'>) {
    const drawn = data.filter(({ chart }) => chart.days.length >= LEAST_DAYS);
    if (drawn.length === 0) return null;
    return (
        <details class="as-table">
            <summary>Day by day</summary>
            <div class="pair">
                {drawn.map((metric) => (
                    <ControlChart key={metric.metric} {...metric} />
                ))}
            </div>
            <Noticed data={data} />
        </details>
    );
}

/** What the older methods say beside the changes: evidence, and no more. */
function Noticed({ data }: Pick<Found, 'data'>) {
    const noticed = data.filter(({ chart }) => chart.signals.length > 0);
    return (
        <>
            <p class="foot">
                {noticed.length === 0
                    ? 'Simpler methods noticed nothing.'
                    : 'What simpler methods noticed. It is evidence beside the changes above and no alarm: how often these are wrong is not kept.'}
            </p>
            {noticed.length > 0 && (
                <ul class="findings">
                    {noticed.map(({ metric, chart }) => (
                        <li key={metric}>
                            <strong>
                                <Term metric={metric} />
                            </strong>{' '}
                            {chart.signals.map(inWords).join('; ')}.
                        </li>
                    ))}
                </ul>
            )}
        </>
    );
}

function inWords({ method, at, since, direction }: Schemas['ChartSignal']): string {
    const from = since === null ? '' : ` from ${date(since)} on`;
    switch (method) {
        case 'cusum':
            return `cumulative sums went ${direction}${from}, seen on ${date(at)}`;
        case 'page_hinkley':
            return `Page and Hinkley’s test saw it go ${direction} on ${date(at)}`;
        case 'adwin':
            return `an adaptive window (ADWIN) saw it go ${direction} on ${date(at)}`;
        case 'bayes':
            return `a level further ${direction}${from} was 95 % probable on ${date(at)}`;
    }
}

function ControlChart({ metric, chart, changes }: Schemas['DriftedMetric']) {
    const unit = useUnit(metric);
    const times = chart.days.map(({ at }) => Date.parse(at));
    const out = chart.days.filter(({ is_out }) => is_out).length;
    const beliefs = new Map(chart.beliefs.map((belief) => [belief.at, belief]));
    const lasted = chart.beliefs.at(-1)?.days_at_level;
    const words = (each: Schemas['ChartDay']) => {
        const within = limits(each) === '' ? '' : `, limits ${limits(each)}`;
        return `${date(each.at)}: ${withInterval({ value: each.value }, unit)}${within}${each.is_out ? ', beyond the limits' : ''}`;
    };
    return (
        <Figure
            title={<Term metric={metric} />}
            caption={`The band is where chance keeps a day. ${out === 0 ? 'No day is' : out === 1 ? 'One day is' : `${count(out)} days are`} beyond it.${lasted === undefined ? '' : ` Most probably it has been at its level for ${counted(lasted, 'day')}.`}`}
            table={{
                head: ['Day', 'Value', 'Limits', 'New level begins'],
                rows: chart.days.map((each) => [
                    date(each.at),
                    withInterval({ value: each.value }, unit),
                    limits(each),
                    percent(beliefs.get(each.at)?.change ?? 0),
                ]),
            }}
        >
            {(width) => (
                <Trend
                    label="Values by day, with control limits"
                    points={chart.days.map((each, at) => ({
                        x: times[at] ?? 0,
                        value: each.value,
                        lower: each.lower,
                        upper: each.upper,
                        words: words(each),
                    }))}
                    width={width}
                    height={150}
                    limits={[0, 1]}
                    axis={dayAxis([times[0] ?? 0, times.at(-1) ?? 0], width)}
                    unit={unit}
                    markers={changes.map(({ at }) => ({ x: Date.parse(at), words: day(at), kind: 'change' as const }))}
                    reference={chart.centre ?? undefined}
                />
            )}
        </Figure>
    );
}

/** Where chance keeps a day; nothing where that is not known. */
function limits({ lower, upper }: Schemas['ChartDay']): string {
    return lower === null || upper === null ? '' : `${percent(lower)} to ${percent(upper)}`;
}

/** The segments that surely moved more than their size explains, and as the whole did. */
function mostIn({ difference, segments }: Schemas['FoundChange']): string {
    const drove = segments.filter((one) => standsOut(one) && (one.excess.value ?? 0) * (difference.value ?? 0) > 0);
    return drove.length === 0 ? '' : `, most in ${drove.map((one) => segment(one.dimension, one.value)).join(', ')}`;
}

function Metric({ feature, metric, days, changes, alarm }: Schemas['DriftedMetric'] & { feature: string }) {
    if (changes.length === 0) {
        return (
            <li>
                <strong>
                    <Term metric={metric} />
                </strong>
                {days < LEAST_DAYS ? ` has too few days to tell (${count(days)}).` : `: no change of level is found over ${counted(days, 'day')}.`}
                {alarm !== null && ` Watched day by day it gave an alarm on ${date(alarm)}: looking back over all days, no change is large or lasting enough to be dated, which does not refute the alarm.`}
            </li>
        );
    }
    return (
        <>
            {changes.map((change) => (
                <li key={change.at}>
                    <strong>
                        <Term metric={metric} />
                    </strong>{' '}
                    changed on{' '}
                    <a href={onward('/examples', { feature, from: dayOf(Date.parse(change.at)), to: dayOf(Date.parse(change.at)), range: null })}>
                        {date(change.at)}
                    </a>{' '}
                    by <Difference metric={metric} value={change.difference} />
                    {mostIn(change)}.
                </li>
            ))}
        </>
    );
}

function Confidence({ before, after, psi, expected, p_value }: Schemas['ConfidenceShift']) {
    const moved = p_value < 0.05;
    const words = (at: number) => `${percent(at / before.length)} to ${percent((at + 1) / before.length)}`;
    const most = Math.max(...before, ...after);
    return (
        <>
            <p class="sentence">
                {moved ? 'Confidences are spread differently now than at first' : 'Confidences are spread as they were at first'} (stability index{' '}
                {fixed(psi, 2)}, {fixed(expected, 2)} by chance alone).
            </p>
            {moved && (
                <div class="pair">
                    {(
                        [
                            ['In the first days', before],
                            ['In the last days', after],
                        ] as const
                    ).map(([title, shares]) => (
                        <Figure
                            key={title}
                            title={title}
                            table={{ head: ['Confidence', 'Share'], rows: shares.map((share, at) => [words(at), percent(share)]) }}
                        >
                            {(width) => <Bars shares={shares} most={most} width={width} label={`Spread of confidence ${title.toLowerCase()}`} words={words} />}
                        </Figure>
                    ))}
                </div>
            )}
        </>
    );
}

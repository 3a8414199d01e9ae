/** What a rule would have done, as a picture: the looks with their intervals, and when it fired and cleared. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { dayAxis } from '../../charts/scale';
import { type Marker, Trend, type TrendPoint } from '../../charts/trend';
import { count, counted, evidence, type Unit, withInterval } from '../../format/number';
import { day, minute } from '../../format/time';
import { useUnit } from '../../parts/catalogue';
import { Figure } from '../../parts/figure';
import { Await } from '../../parts/states';
import { Transitions } from './transitions';
import { CAUSES, metricOf, STANDINGS, STATES } from './words';

type Ran = Schemas['DryRunResponse'];
const DAYS = { threshold: 90, change: 90, verdict: 90, no_data: 28 } as const;

export function DryRun({ rule }: { rule: Schemas['AlertPlan'] }) {
    const body = { rule, days: DAYS[rule.kind] };
    const found = useData(`dry run ${JSON.stringify(body)}`, () => api.post('/api/v1/alerts/dry-run', { body }), 'analyses');
    return (
        <Await of={found} lines={10}>
            {(ran) => <Picture {...ran} />}
        </Await>
    );
}

function Picture(ran: Ran) {
    const metric = metricOf(ran.rule);
    const unit = useUnit(metric);
    const { transitions, rule } = ran;
    // The picture begins where there is something to see.
    const first = ran.looks.findIndex(({ n }) => n > 0);
    const looks = first < 0 ? [] : ran.looks.slice(first);
    const hourly = rule.kind === 'no_data';
    const when = (look: { to: string }) => (hourly ? minute(look.to) : day(Date.parse(look.to) - 1));
    const points: TrendPoint[] = looks.map((look) => ({
        x: Date.parse(look.to),
        value: look.value,
        // An hourly count is exact: it has no band.
        lower: hourly ? null : look.lower,
        upper: hourly ? null : look.upper,
        words: `${when(look)}: ${withInterval(look, unit)}, ${said(look)}`,
    }));
    const markers: Marker[] = transitions.map(({ at, cause, state }) => ({
        x: Date.parse(at),
        words: CAUSES[cause],
        kind: state === 'firing' ? ('change' as const) : ('version' as const),
    }));
    const reference = rule.kind === 'threshold' ? (rule.threshold ?? undefined) : undefined;
    const told = looks.filter(({ standing }) => standing === 'told').length;
    return (
        <>
            <p class="sentence">
                {ran.fired === 0 ? 'It would not have fired' : `It would have fired ${ran.fired === 1 ? 'once' : `${count(ran.fired)} times`}`} in the{' '}
                {counted(told, 'look')} that had enough to go by.
            </p>
            {looks.length > 0 && (
                <Figure
                    title={ran.subject}
                    caption={
                        <>
                            Each look is at the {hourly ? counted(rule.hours ?? 0, 'hour') : counted(rule.window_days ?? 0, 'day')} before. Numbers are as known now: what arrived late is in
                            them.
                        </>
                    }
                    table={{
                        head: ['Up to', 'Value', 'On', 'State'],
                        rows: looks.map((look) => [when(look), withInterval(look, unit), said(look), STATES[look.state].words]),
                    }}
                >
                    {(width) => (
                        <Trend
                            label={`${ran.subject} as the rule saw it`}
                            points={points}
                            width={width}
                            limits={limits(unit, points)}
                            axis={dayAxis([points[0]?.x ?? 0, points.at(-1)?.x ?? 0], width)}
                            unit={unit}
                            markers={markers}
                            reference={reference}
                        />
                    )}
                </Figure>
            )}
            {transitions.length > 0 && <Transitions of={transitions.map((one) => ({ ...one, id: `${one.at} ${one.cause}`, noticed_at: one.known_at }))} />}
        </>
    );
}

function said({ standing, n, users }: Ran['looks'][number]): string {
    return standing === 'told' ? evidence({ n, users }) : STANDINGS[standing];
}

/** What values can be: shares by nature, others by what was seen. */
function limits(unit: Unit, points: TrendPoint[]): [number, number] {
    if (unit === 'share') return [0, 1];
    if (unit === 'share_difference') return [-1, 1];
    const seen = points.flatMap(({ value, lower, upper }) => [value, lower, upper]).filter((one) => typeof one === 'number');
    return [Math.min(0, ...seen), Math.max(1, ...seen.map((one) => one * 1.25))];
}

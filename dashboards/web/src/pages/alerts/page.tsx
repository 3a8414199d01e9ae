/** Alerts: rules that look every day, what they did, and where they tell it. */

import { api, type Schemas } from '../../api/client';
import { outdate, reload, useData } from '../../api/data';
import { evidence, withInterval } from '../../format/number';
import { DAY, date, minute } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { useMetric, useUnit } from '../../parts/catalogue';
import { Trouble, useAttempt } from '../../parts/form';
import { Await, Empty } from '../../parts/states';
import { Explained } from '../../parts/term';
import { Title } from '../../parts/title';
import { Says } from '../../parts/verdict';
import { useMay } from '../../session';
import { go, onward, usePlace } from '../../state/url';
import { DryRun } from './dry_run';
import { Make } from './make';
import { Transitions } from './transitions';
import { Deliveries, Webhooks } from './webhooks';
import { about, KINDS, looksFor, metricOf, STANDINGS, STATES } from './words';

type Alert = Schemas['AlertView'];

export function Alerts() {
    const { params } = usePlace();
    const admin = useMay('admin');
    const [alert, webhook] = [params.get('alert'), params.get('webhook')];
    if (alert !== null) return <One id={alert} admin={admin} key={alert} />;
    if (webhook !== null) return <Deliveries id={webhook} admin={admin} key={webhook} />;
    if (params.get('make') !== null) return <Make admin={admin} />;
    return (
        <>
            <Title lead="Rules look at every day when it is mature, and fire on what is surely so.">Alerts</Title>
            <Rules admin={admin} />
            <section class="section" aria-labelledby="webhooks">
                <div class="section-head">
                    <h2 id="webhooks">Webhooks</h2>
                    <p>Where it is told: signed, and tried again for 21 hours.</p>
                </div>
                <Webhooks admin={admin} />
            </section>
            <section class="section" aria-labelledby="digest">
                <div class="section-head">
                    <h2 id="digest">The week in short</h2>
                    <p>
                        The last whole week as <a href="/api/v1/digest?format=html">a page</a>, as{' '}
                        <a href="/api/v1/digest?format=md">Markdown</a> or as <a href="/api/v1/digest">JSON</a>.
                    </p>
                </div>
            </section>
        </>
    );
}

function Rules({ admin }: { admin: boolean }) {
    const found = useData('alerts', () => api.get('/api/v1/alerts'));
    return (
        <section class="section" aria-labelledby="rules">
            <div class="section-head">
                <h2 id="rules">Rules</h2>
                <p>
                    <a href={onward('/alerts', { make: 'yes' })}>{admin ? 'Make a rule' : 'Try a rule on the past'}</a>
                </p>
            </div>
            <Await of={found} lines={8}>
                {({ data }) =>
                    data.length === 0 ? (
                        <Empty title="No rule yet">
                            <p>A rule can be tried on the past before it is made: it says when it would have fired.</p>
                        </Empty>
                    ) : (
                        <Cards label="Table of rules" heads={<Heads of={['Rule', 'State', 'Last look', { hidden: 'Change' }]} />}>
                            {data.map((alert) => (
                                <Row key={alert.id} alert={alert} admin={admin} />
                            ))}
                        </Cards>
                    )
                }
            </Await>
        </section>
    );
}

const isMuted = ({ muted_until }: Alert) => muted_until !== null && Date.parse(muted_until) > Date.now();

function Row({ alert, admin }: { alert: Alert; admin: boolean }) {
    const { id, rule } = alert;
    return (
        <tr>
            <th scope="row">
                <a href={onward('/alerts', { alert: id })}>{rule.name}</a>
                <LooksFor rule={rule} />
            </th>
            <td data-label="State">
                <State alert={alert} />
            </td>
            <td data-label="Last look">
                <LastLook alert={alert} />
            </td>
            <td>{admin && <Actions alert={alert} />}</td>
        </tr>
    );
}

function LooksFor({ rule }: { rule: Alert['rule'] }) {
    const metric = useMetric(metricOf(rule));
    return (
        <span class="evidence">
            {looksFor(rule, metric?.title ?? rule.metric ?? '', metric?.unit ?? 'share')} · {about(rule)}
        </span>
    );
}

function State({ alert }: { alert: Alert }) {
    const beside = [
        alert.since !== null && `since ${date(alert.since)}`,
        !alert.enabled && 'switched off',
        isMuted(alert) && `muted until ${minute(alert.muted_until ?? '')}`,
    ];
    return (
        <>
            <Says {...STATES[alert.state]} isAlarm={alert.state === 'firing' && alert.enabled} />
            <span class="evidence">{beside.filter((words) => words !== false).join(' · ')}</span>
        </>
    );
}

function LastLook({ alert: { look, failure, rule } }: { alert: Alert }) {
    const unit = useUnit(metricOf(rule));
    if (failure !== null) return <span class="evidence">could not look: {failure}</span>;
    if (look === null) return <span class="none">–</span>;
    return (
        <>
            {look.value === null ? <span class="none">–</span> : <span class="number">{withInterval(look, unit)}</span>}
            <span class="evidence">
                {look.standing === 'told' ? evidence(look) : STANDINGS[look.standing]} · up to {date(Date.parse(look.to) - 1)}
            </span>
        </>
    );
}

function Actions({ alert }: { alert: Alert }) {
    const { attempt, problem } = useAttempt();
    const { id, enabled, rule } = alert;
    const muted = isMuted(alert);
    const change = (body: Schemas['AlertChange']) =>
        void attempt(async () => {
            await api.patch('/api/v1/alerts/{id}', { path: { id }, body });
            reload();
        });
    const remove = () =>
        void attempt(async () => {
            await api.delete('/api/v1/alerts/{id}', { path: { id } });
            outdate();
            go(onward('/alerts'), true);
        });
    return (
        <div class="actions">
            <button type="button" onClick={() => change({ muted_until: muted ? null : new Date(Date.now() + 7 * DAY).toISOString() })}>
                {muted ? 'Unmute' : 'Mute for a week'}
            </button>
            <button type="button" onClick={() => change({ enabled: !enabled })}>
                {enabled ? 'Switch off' : 'Switch on'}
            </button>
            <button type="button" onClick={() => confirm(`Delete “${rule.name}” and its history?`) && remove()}>
                Delete
            </button>
            <Trouble problem={problem} />
        </div>
    );
}

function One({ id, admin }: { id: string; admin: boolean }) {
    const found = useData(`alert ${id}`, () => api.get('/api/v1/alerts/{id}', { path: { id } }));
    const history = useData(`alert history ${id}`, () => api.get('/api/v1/alerts/{id}/history', { path: { id } }));
    return (
        <>
            <Title above={[[onward('/alerts'), 'Alerts']]}>{found.data?.rule.name ?? 'Alert'}</Title>
            <Await of={found} lines={8}>
                {(alert) => (
                    <>
                        <p>
                            <Explained text={KINDS[alert.rule.kind].why}>{KINDS[alert.rule.kind].words}</Explained>
                            <LooksFor rule={alert.rule} />
                        </p>
                        <div class="standing">
                            <div>
                                <State alert={alert} />
                            </div>
                            <div>
                                <LastLook alert={alert} />
                            </div>
                        </div>
                        {admin && <Actions alert={alert} />}
                        <section class="section" aria-labelledby="history">
                            <div class="section-head">
                                <h2 id="history">What it did</h2>
                            </div>
                            <Await of={history} lines={4}>
                                {({ data }) => (data.length === 0 ? <p class="sentence">It has not fired yet.</p> : <Transitions of={data} />)}
                            </Await>
                        </section>
                        <section class="section" aria-labelledby="dry">
                            <div class="section-head">
                                <h2 id="dry">On the past</h2>
                                <p>What it would have done, as known now.</p>
                            </div>
                            <DryRun rule={alert.rule} />
                        </section>
                    </>
                )}
            </Await>
        </>
    );
}

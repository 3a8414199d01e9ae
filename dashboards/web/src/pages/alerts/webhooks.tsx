/** Where alerts are sent, what was sent there, and what could not be. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { reload, useData } from '../../api/data';
import { count } from '../../format/number';
import { minute } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { Picker } from '../../parts/picker';
import { Await, Empty } from '../../parts/states';
import { Title } from '../../parts/title';
import { text } from '../../parts/values';
import { Says } from '../../parts/verdict';
import { onward, set, usePlace } from '../../state/url';
import { DigestFields, DigestForm, digestOf, plan } from './digest';
import { DELIVERIES } from './words';

const FORMATS: Record<Schemas['WebhookFormat'], string> = { standard: 'Standard Webhooks', slack: 'Slack message' };

export function Webhooks({ admin }: { admin: boolean }) {
    const found = useData('webhooks', () => api.get('/api/v1/webhooks'));
    return (
        <>
            <Await of={found} lines={4}>
                {({ data }) =>
                    data.length === 0 ? (
                        <p class="sentence">None: what rules do is in their history only.</p>
                    ) : (
                        <Cards label="Table of webhooks" heads={<Heads of={['Webhook', 'Sends', 'Deliveries', { hidden: 'Change' }]} />}>
                            {data.map((webhook) => (
                                <Row key={webhook.id} webhook={webhook} admin={admin} />
                            ))}
                        </Cards>
                    )
                }
            </Await>
            {admin && <New />}
        </>
    );
}

function Row({ webhook, admin }: { webhook: Schemas['WebhookView']; admin: boolean }) {
    const { id, name, origin, format, enabled, waiting, dead } = webhook;
    return (
        <tr>
            <th scope="row">
                <a href={onward('/alerts', { webhook: id })}>{name}</a>
                <span class="evidence">
                    {origin}
                    {!enabled && ' · switched off'}
                </span>
            </th>
            <td data-label="Sends">
                {FORMATS[format]}
                <span class="evidence">{admin ? <a href={onward('/alerts', { webhook: id })}>{plan(webhook)}</a> : plan(webhook)}</span>
            </td>
            <td data-label="Deliveries">
                {count(waiting)} on the way
                {dead > 0 && <Says sign={DELIVERIES.dead.sign} words={`${count(dead)} given up`} isAlarm />}
            </td>
            <td>{admin && <Actions webhook={webhook} />}</td>
        </tr>
    );
}

function Actions({ webhook }: { webhook: Schemas['WebhookView'] }) {
    const { id, name, enabled } = webhook;
    const { attempt, problem } = useAttempt();
    const path = { id };
    const act = (what: () => Promise<unknown>) =>
        void attempt(async () => {
            await what();
            reload();
        });
    return (
        <div class="actions">
            <button type="button" onClick={() => act(() => api.post('/api/v1/webhooks/{id}/test', { path }))}>
                Send a test
            </button>
            <button type="button" onClick={() => act(() => api.post('/api/v1/webhooks/{id}/digest', { path }))}>
                Send the digest
            </button>
            <button type="button" onClick={() => act(() => api.patch('/api/v1/webhooks/{id}', { path, body: { enabled: !enabled } }))}>
                {enabled ? 'Switch off' : 'Switch on'}
            </button>
            <button
                type="button"
                onClick={() => confirm(`Delete “${name}” and its deliveries?`) && act(() => api.delete('/api/v1/webhooks/{id}', { path }))}
            >
                Delete
            </button>
            <Trouble problem={problem} />
        </div>
    );
}

function New() {
    const [secret, setSecret] = useState<string>();
    const { attempt, busy, problem } = useAttempt();
    const create = (form: HTMLFormElement) =>
        void attempt(async () => {
            const values = new FormData(form);
            const format = text(values, 'format') as Schemas['WebhookFormat'];
            const body = { name: text(values, 'name'), url: text(values, 'url'), format, digest: digestOf(values) };
            const made = await api.post('/api/v1/webhooks', { body });
            setSecret(made.secret);
            form.reset();
            reload();
        });
    return (
        <>
            <h3>New webhook</h3>
            <Form onSubmit={create}>
                <label>
                    Name
                    <input name="name" required maxLength={256} pattern=".*\S.*" />
                </label>
                <label>
                    URL
                    <input name="url" type="url" required maxLength={2048} placeholder="https://example.com/hooks/calibrant" autocomplete="off" />
                </label>
                <label>
                    Sends
                    <select name="format">
                        {Object.entries(FORMATS).map(([format, words]) => (
                            <option key={format} value={format}>
                                {words}
                            </option>
                        ))}
                    </select>
                </label>
                <DigestFields key={secret} time={null} />
                <button type="submit" class="primary" disabled={busy}>
                    Make the webhook
                </button>
                <Trouble problem={problem} />
            </Form>
            <div role="status">
                {secret !== undefined && (
                    <div class="made">
                        <p>Deliveries are signed with this. It is told only now:</p>
                        <pre>
                            <code>{secret}</code>
                        </pre>
                    </div>
                )}
            </div>
        </>
    );
}

/** What was sent to one webhook. */
export function Deliveries({ id, admin }: { id: string; admin: boolean }) {
    const { params } = usePlace();
    const state = params.get('state') as Schemas['DeliveryState'] | null;
    const query = state === null ? {} : { state };
    const all = useData('webhooks', () => api.get('/api/v1/webhooks'));
    const found = useData(`deliveries ${id} ${state}`, () => api.get('/api/v1/webhooks/{id}/deliveries', { path: { id }, query }));
    const webhook = all.data?.data.find((one) => one.id === id);
    return (
        <>
            <Title above={[[onward('/alerts'), 'Alerts']]} lead={webhook?.origin}>
                {webhook?.name ?? 'Webhook'}
            </Title>
            {admin && webhook !== undefined && (
                <section class="section" aria-labelledby="digest">
                    <div class="section-head">
                        <h2 id="digest">The week in short</h2>
                        <p>When it is sent there.</p>
                    </div>
                    <DigestForm webhook={webhook} />
                </section>
            )}
            <section class="section" aria-labelledby="sent">
                <div class="section-head">
                    <h2 id="sent">What was sent</h2>
                </div>
                <div class="controls" role="group" aria-label="What is shown">
                    <Picker
                        label="Deliveries"
                        value={state ?? ''}
                        options={[['', 'All'], ...Object.entries(DELIVERIES).map(([name, { words }]) => [name, words] as const)]}
                        onPick={(state) => set({ state })}
                    />
                </div>
                <Await of={found} lines={8}>
                    {({ data }) =>
                        data.length === 0 ? (
                            <Empty title="No deliveries">{state === null ? 'Send a test to see one.' : 'None in this state.'}</Empty>
                        ) : (
                            <Cards label="Table of deliveries" heads={<Heads of={['Sent', 'State', 'Attempts', { hidden: 'Send again' }]} />}>
                                {data.map((delivery) => (
                                    <Delivery key={delivery.id} {...delivery} admin={admin} />
                                ))}
                            </Cards>
                        )
                    }
                </Await>
            </section>
        </>
    );
}

function Delivery({ id, type, created_at, state, attempts, due_at, status, failure, body, admin }: Schemas['DeliveryView'] & { admin: boolean }) {
    const { attempt, problem } = useAttempt();
    const again = () =>
        void attempt(async () => {
            await api.post('/api/v1/deliveries/{id}/redeliver', { path: { id } });
            reload();
        });
    return (
        <tr>
            <th scope="row">
                {type}
                <span class="evidence">{minute(created_at)}</span>
                <details>
                    <summary>Body</summary>
                    <pre tabIndex={0}>
                        <code>{JSON.stringify(body, null, 2)}</code>
                    </pre>
                </details>
            </th>
            <td data-label="State">
                <Says {...DELIVERIES[state]} isAlarm={state === 'dead'} />
                <span class="evidence">{failure ?? (status === null ? '' : `answered ${status}`)}</span>
            </td>
            <td data-label="Attempts">
                {count(attempts)}
                {due_at !== null && <span class="evidence">next {minute(due_at)}</span>}
            </td>
            <td>
                {admin && state !== 'waiting' && (
                    <button type="button" onClick={again}>
                        Send again
                    </button>
                )}
                <Trouble problem={problem} />
            </td>
        </tr>
    );
}

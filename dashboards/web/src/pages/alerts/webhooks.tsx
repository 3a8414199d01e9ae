/** Where alerts are sent, what was sent there, and what could not be. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { count } from '../../format/number';
import { minute } from '../../format/time';
import { Await, Empty } from '../../parts/states';
import { onward, set, usePlace } from '../../state/url';
import { Digest, DigestActions, DigestFields, digestOf } from './digest';
import { useAttempt } from './page';
import { DELIVERIES } from './words';

const FORMATS: Record<Schemas['WebhookFormat'], string> = { standard: 'Standard Webhooks', slack: 'Slack message' };

export function Webhooks({ admin }: { admin: boolean }) {
    const found = useData('webhooks', () => api.get('/api/v1/webhooks'));
    const { attempt, told } = useAttempt();
    return (
        <>
            {told}
            <Await of={found} lines={4}>
                {({ data }) =>
                    data.length === 0 ? (
                        <p class="sentence">None: what rules do is in their history only.</p>
                    ) : (
                        <div class="scroll" tabIndex={0} role="region" aria-label="Table of webhooks">
                            <table class="cards">
                                <thead>
                                    <tr>
                                        {['Webhook', 'Sends', 'Deliveries', ''].map((title) => (
                                            <th scope="col" key={title}>
                                                {title === '' ? <span class="hidden">Change</span> : title}
                                            </th>
                                        ))}
                                    </tr>
                                </thead>
                                <tbody>
                                    {data.map((webhook) => (
                                        <Row key={webhook.id} webhook={webhook} admin={admin} attempt={attempt} />
                                    ))}
                                </tbody>
                            </table>
                        </div>
                    )
                }
            </Await>
            {admin && <New attempt={attempt} />}
        </>
    );
}

type Attempt = ReturnType<typeof useAttempt>['attempt'];

function Row({ webhook, admin, attempt }: { webhook: Schemas['WebhookView']; admin: boolean; attempt: Attempt }) {
    const { id, name, origin, format, enabled, waiting, dead } = webhook;
    const path = { id };
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
                <Digest webhook={webhook} />
            </td>
            <td data-label="Deliveries">
                {count(waiting)} on the way
                {dead > 0 && <span class="says firing">▲ {dead} given up</span>}
            </td>
            <td>
                {admin && (
                    <div class="actions">
                        <button type="button" onClick={() => void attempt(() => api.post('/api/v1/webhooks/{id}/test', { path }))}>
                            Send a test
                        </button>
                        <DigestActions webhook={webhook} attempt={attempt} />
                        <button
                            type="button"
                            onClick={() => void attempt(() => api.patch('/api/v1/webhooks/{id}', { path, body: { enabled: !enabled } }))}
                        >
                            {enabled ? 'Switch off' : 'Switch on'}
                        </button>
                        <button
                            type="button"
                            onClick={() => {
                                if (confirm(`Delete “${name}” and its deliveries?`)) void attempt(() => api.delete('/api/v1/webhooks/{id}', { path }));
                            }}
                        >
                            Delete
                        </button>
                    </div>
                )}
            </td>
        </tr>
    );
}

function New({ attempt }: { attempt: Attempt }) {
    const [secret, setSecret] = useState<string>();
    const create = (form: HTMLFormElement) => {
        const values = new FormData(form);
        const text = (name: string) => String(values.get(name) ?? '').trim();
        void attempt(async () => {
            const format = text('format') as Schemas['WebhookFormat'];
            const body = { name: text('name'), url: text('url'), format, digest: digestOf(values) };
            const made = await api.post('/api/v1/webhooks', { body });
            setSecret(made.secret);
            form.reset();
        });
    };
    return (
        <>
            <h3>New webhook</h3>
            <form
                class="form"
                onSubmit={(event) => {
                    event.preventDefault();
                    create(event.currentTarget as HTMLFormElement);
                }}
            >
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
                <DigestFields />
                <button type="submit" class="primary">
                    Make the webhook
                </button>
            </form>
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
    const { attempt, told } = useAttempt();
    const webhook = all.data?.data.find((one) => one.id === id);
    return (
        <>
            <div class="title">
                <p class="crumb">
                    <a href={onward('/alerts')}>Alerts</a>
                </p>
                <h1>{webhook?.name ?? 'Webhook'}</h1>
                {webhook !== undefined && <p class="lead">{webhook.origin}</p>}
            </div>
            <div class="controls" role="group" aria-label="What is shown">
                <label>
                    <span class="label">Deliveries</span>
                    <select value={state ?? ''} onChange={(event) => set({ state: event.currentTarget.value || null })}>
                        <option value="">All</option>
                        {Object.entries(DELIVERIES).map(([name, { words }]) => (
                            <option key={name} value={name}>
                                {words}
                            </option>
                        ))}
                    </select>
                </label>
            </div>
            {told}
            <Await of={found} lines={8}>
                {({ data }) =>
                    data.length === 0 ? (
                        <Empty title="No deliveries">{state === null ? 'Send a test to see one.' : 'None in this state.'}</Empty>
                    ) : (
                        <div class="scroll" tabIndex={0} role="region" aria-label="Table of deliveries">
                            <table class="cards">
                                <thead>
                                    <tr>
                                        {['Sent', 'State', 'Attempts', ''].map((title) => (
                                            <th scope="col" key={title}>
                                                {title === '' ? <span class="hidden">Send again</span> : title}
                                            </th>
                                        ))}
                                    </tr>
                                </thead>
                                <tbody>
                                    {data.map((delivery) => (
                                        <Delivery key={delivery.id} {...delivery} admin={admin} attempt={attempt} />
                                    ))}
                                </tbody>
                            </table>
                        </div>
                    )
                }
            </Await>
        </>
    );
}

function Delivery({ id, type, created_at, state, attempts, due_at, status, failure, body, admin, attempt }: Schemas['DeliveryView'] & { admin: boolean; attempt: Attempt }) {
    const { words, sign } = DELIVERIES[state];
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
                <span class={state === 'dead' ? 'says firing' : 'says'}>
                    <span aria-hidden="true">{sign}</span> {words}
                </span>
                <span class="evidence">{failure ?? (status === null ? '' : `answered ${status}`)}</span>
            </td>
            <td data-label="Attempts">
                {attempts}
                {due_at !== null && <span class="evidence">next {minute(due_at)}</span>}
            </td>
            <td>
                {admin && state !== 'waiting' && (
                    <button type="button" onClick={() => void attempt(() => api.post('/api/v1/deliveries/{id}/redeliver', { path: { id } }))}>
                        Send again
                    </button>
                )}
            </td>
        </tr>
    );
}

/** The project's keys: made, shown once, revoked. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { reload, useData } from '../../api/data';
import { date } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { Await } from '../../parts/states';
import { text } from '../../parts/values';
import { Secret } from './secret';

const SCOPES: [Schemas['Scope'], string][] = [
    ['ingest', 'send events'],
    ['read', 'read metrics and outputs'],
    ['admin', 'manage keys and settings'],
];

export function Keys({ own }: { own: string }) {
    const keys = useData('keys', () => api.get('/api/v1/keys'));
    const { attempt, problem } = useAttempt();
    const [made, setMade] = useState<string>();
    const revoke = (key: Schemas['KeyView']) => {
        const warning = key.id === own ? ' It is the key you are signed in with.' : '';
        if (confirm(`Revoke “${key.name}”? What uses it stops working at once.${warning}`)) {
            void attempt(async () => {
                await api.delete('/api/v1/keys/{id}', { path: { id: key.id } });
                reload();
            });
        }
    };
    const create = (form: HTMLFormElement) => {
        const values = new FormData(form);
        const scopes = values.getAll('scopes') as Schemas['Scope'][];
        void attempt(async () => {
            const key = await api.post('/api/v1/keys', { body: { name: text(values, 'name'), scopes } });
            setMade(key.key);
            form.reset();
            reload();
        });
    };
    return (
        <>
            <Trouble problem={problem} />
            <Await of={keys} lines={5}>
                {({ data }) => (
                    <Cards label="The project’s keys" heads={<Heads of={['Name', 'Begins with', 'May', 'Made', 'Last used', { hidden: 'Revoke' }]} />}>
                        {data.map((key) => (
                            <tr key={key.id}>
                                <th scope="row">{key.name}</th>
                                <td data-label="Begins with">
                                    <code>{key.prefix}…</code>
                                </td>
                                <td data-label="May">{key.scopes.join(', ')}</td>
                                <td data-label="Made">{date(key.created_at)}</td>
                                <td data-label="Last used">{key.used_on === null ? 'never' : date(key.used_on)}</td>
                                <td>
                                    {key.revoked_at === null ? (
                                        <button type="button" aria-label={`Revoke ${key.name}`} onClick={() => revoke(key)}>
                                            Revoke
                                        </button>
                                    ) : (
                                        `revoked ${date(key.revoked_at)}`
                                    )}
                                </td>
                            </tr>
                        ))}
                    </Cards>
                )}
            </Await>
            <h3>New key</h3>
            <Form onSubmit={create}>
                <label>
                    What is it for?
                    <input name="name" required maxLength={100} />
                </label>
                <fieldset>
                    <legend>What may it do?</legend>
                    {SCOPES.map(([scope, words]) => (
                        <label key={scope} class="check">
                            <input type="checkbox" name="scopes" value={scope} defaultChecked={scope === 'ingest'} /> {scope}: {words}
                        </label>
                    ))}
                </fieldset>
                <p class="help">A key that may only ingest is safe in a browser.</p>
                <button type="submit" class="primary">
                    Make the key
                </button>
            </Form>
            <Secret of={made} />
        </>
    );
}

/** What admins did, the newest first. */

import { api } from '../../api/client';
import { useData } from '../../api/data';
import { minute } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { Pages } from '../../parts/pages';
import { Await, Empty } from '../../parts/states';
import { usePlace } from '../../state/url';
import { settings } from './words';

const PAGE = 20;

export function Audit() {
    const cursor = usePlace().params.get('cursor') ?? undefined;
    const query = { limit: PAGE, cursor };
    const log = useData(`audit ${cursor ?? ''}`, () => api.get('/api/v1/audit', { query }));
    const keys = useData('keys', () => api.get('/api/v1/keys'));
    const by = (id: string | null) => (id === null ? 'the command line' : (keys.data?.data.find((key) => key.id === id)?.name ?? id));
    return (
        <Await of={log} lines={6}>
            {({ data, next_cursor }) =>
                data.length === 0 ? (
                    <Empty title="Nothing was done yet" />
                ) : (
                    <>
                        <Cards label="The audit log" class="audit" heads={<Heads of={['When', 'What', 'To', 'By the key', 'Asked for']} />}>
                            {data.map((done) => (
                                <tr key={`${done.done_at} ${done.action} ${done.subject}`}>
                                    <th scope="row">{minute(done.done_at)}</th>
                                    <td data-label="What">{done.action.replaceAll('_', ' ')}</td>
                                    <td data-label="To">{done.subject ?? 'the project'}</td>
                                    <td data-label="By the key">{by(done.key_id)}</td>
                                    <td data-label="Asked for">
                                        <Detail of={done.detail} />
                                    </td>
                                </tr>
                            ))}
                        </Cards>
                        <Pages next={next_cursor} first="Newest" more="Older" />
                    </>
                )
            }
        </Await>
    );
}

/** The settings that were asked for, each with its name. */
function Detail({ of }: { of: unknown }) {
    return (
        <ul class="asked">
            {settings(of).map(([name, value]) => (
                <li key={name}>
                    {name} <code>{value}</code>
                </li>
            ))}
        </ul>
    );
}

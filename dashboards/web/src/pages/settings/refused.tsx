/** What was refused: how much, when, for which reason, of which key, and what to do about it. */

import { api } from '../../api/client';
import { useData } from '../../api/data';
import { Counts } from '../../charts/counts';
import { dayTicks } from '../../charts/scale';
import { count, counted } from '../../format/number';
import { day } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { Figure } from '../../parts/figure';
import { Prose } from '../../parts/prose';
import { Await, Empty } from '../../parts/states';
import { daily, firstOf, type Reason, reasons, summary } from './rejections';

const DAYS = 30;

export function Refused() {
    const query = { from: firstOf(DAYS, Date.now()), granularity: 'day' as const };
    const refused = useData(`refused ${query.from}`, () => api.get('/api/v1/rejected', { query }));
    return (
        <section class="section" aria-labelledby="refused">
            <h2 id="refused">What was refused</h2>
            <Await of={refused} lines={8}>
                {(found) =>
                    found.events === 0 ? (
                        <Empty title={`No event was refused in the last ${DAYS} days`}>
                            When a client sends what cannot be stored, it is counted here by reason and key, with what to do about it. Clients seldom tell
                            anyone themselves.
                        </Empty>
                    ) : (
                        <>
                            <p class="sentence">{summary(found, DAYS)}</p>
                            <Days of={daily(found)} />
                            <Reasons of={reasons(found)} />
                        </>
                    )
                }
            </Await>
        </section>
    );
}

function Days({ of: days }: { of: ReturnType<typeof daily> }) {
    const ends: [number, number] = [days[0]?.x ?? 0, days.at(-1)?.x ?? 0];
    const axis = (width: number) => dayTicks(ends, Math.max(2, Math.floor(width / 90))).map((x) => ({ x, words: day(x) }));
    return (
        <Figure title="Refused events by day" table={{ head: ['Day', 'Events'], rows: days.map(({ x, count: events }) => [day(x), count(events)]) }}>
            {(width) => <Counts columns={days} axis={axis(width)} width={width} label="Refused events by day" />}
        </Figure>
    );
}

function Reasons({ of }: { of: Reason[] }) {
    return (
        <Cards label="Refused events by reason" heads={<Heads of={['Why', 'What to do', 'Events', 'With the key']} />}>
            {of.map(({ code, meaning, advice, events, keys }) => (
                <tr key={code}>
                    <th scope="row">
                        <code>{code}</code>
                        <span class="evidence">
                            <Prose text={meaning} />
                        </span>
                    </th>
                    <td data-label="What to do">
                        <Prose text={advice} />
                    </td>
                    <td data-label="Events">{count(events)}</td>
                    <td data-label="With the key">
                        {keys.map(({ id, name, events: own, last }) => (
                            <div key={id}>
                                {name}
                                <span class="evidence">
                                    {counted(own, 'event')}, last on {last}
                                </span>
                            </div>
                        ))}
                    </td>
                </tr>
            ))}
        </Cards>
    );
}

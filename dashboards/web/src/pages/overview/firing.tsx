/** The alerts that are firing; nothing if none is. */

import { api } from '../../api/client';
import { useData } from '../../api/data';
import { date } from '../../format/time';
import { onward } from '../../state/url';

export function Firing() {
    const { data } = useData('alerts firing', () => api.get('/api/v1/alerts', { query: { state: 'firing' } }));
    const firing = data?.data.filter(({ enabled }) => enabled) ?? [];
    if (firing.length === 0) return null;
    return (
        <section class="firing-alerts" aria-labelledby="firing">
            <h2 id="firing">Firing now</h2>
            <ul class="attention">
                {firing.map(({ id, rule, since, last }) => (
                    <li key={id}>
                        <span class="firing" aria-hidden="true">
                            ▲
                        </span>
                        <div>
                            <a href={onward('/alerts', { alert: id })}>{rule.name}</a>
                            {since !== null && <span class="evidence">since {date(since)}</span>}
                            {last !== null && <p class="moved">{last.sentence}</p>}
                        </div>
                    </li>
                ))}
            </ul>
        </section>
    );
}

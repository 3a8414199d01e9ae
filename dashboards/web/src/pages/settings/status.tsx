/** How far the numbers are behind the events. */

import { api } from '../../api/client';
import { useData } from '../../api/data';
import { count, counted } from '../../format/number';
import { minute } from '../../format/time';
import { Await } from '../../parts/states';

export function Status() {
    const status = useData('status', () => api.get('/api/v1/status'));
    return (
        <section class="section" aria-labelledby="status">
            <h2 id="status">Status</h2>
            <Await of={status} lines={4}>
                {(found) => {
                    const waiting = found.backlog.events;
                    return (
                        <dl class="facts wide">
                            <Fact name="Events in the numbers" value={count(found.log_position)} />
                            <Fact
                                name="Waiting"
                                value={
                                    waiting === 0
                                        ? 'none: all is counted'
                                        : `${found.backlog.more ? 'more than ' : ''}${counted(waiting, 'event')}, for ${count(Math.ceil(found.backlog.lag_seconds))} s`
                                }
                            />
                            <Fact name="Last counted" value={minute(found.folded_at)} />
                            <Fact name="Outputs" value={count(found.outputs)} />
                            <Fact name="Unlinked outputs" value={`${count(found.unlinked)}${found.unlinked > 0 ? ', which wait for an event that names their feature' : ''}`} />
                            <Fact name="Version" value={found.version} />
                        </dl>
                    );
                }}
            </Await>
        </section>
    );
}

function Fact({ name, value }: { name: string; value: string }) {
    return (
        <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    );
}

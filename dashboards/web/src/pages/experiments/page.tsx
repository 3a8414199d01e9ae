/** Experiments: declared before they start, watched as often as one likes, concluded in plain words. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { date } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { Await, Empty } from '../../parts/states';
import { Term } from '../../parts/term';
import { Title } from '../../parts/title';
import { useMay } from '../../session';
import { onward, toFeature, usePlace } from '../../state/url';
import { Declare } from './declare';
import { statusAt } from './plan';
import { Results } from './results';

type Experiment = Schemas['ExperimentView'];

const STATUS: Record<Schemas['ExperimentStatus'], string> = { planned: 'Planned', running: 'Running', ended: 'Ended' };

export function Experiments() {
    const { params } = usePlace();
    const chosen = params.get('experiment');
    const admin = useMay('admin');
    if (chosen !== null) return <Results name={chosen} admin={admin} key={chosen} />;
    if (params.get('declare') !== null && admin) return <Declare />;
    return <All admin={admin} />;
}

function All({ admin }: { admin: boolean }) {
    const found = useData('experiments', () => api.get('/api/v1/experiments'));
    const declare = admin ? (
        <p>
            <a href={onward('/experiments', { declare: 'yes' })}>Declare an experiment</a>
        </p>
    ) : (
        <p>Declaring one takes a key with the scope admin.</p>
    );
    return (
        <>
            <Title lead="Say beforehand what decides. Then look as often as you like, and stop whenever it is clear.">Experiments</Title>
            <Await of={found}>
                {({ data }) =>
                    data.length === 0 ? (
                        <Empty title="No experiment yet">
                            <p>
                                Send which arm a user is in as <code>variant</code> with every event, and declare what is compared.
                            </p>
                            {declare}
                        </Empty>
                    ) : (
                        <>
                            <Cards label="Experiments" heads={<Heads of={['Experiment', 'Feature', 'Decides', 'Arms', 'Start']} />}>
                                {data.map((one) => (
                                    <Row key={one.name} {...one} />
                                ))}
                            </Cards>
                            <div class="foot">{declare}</div>
                        </>
                    )
                }
            </Await>
        </>
    );
}

function Row({ name, feature, primary_metric, arms, starts_at, ends_at }: Experiment) {
    return (
        <tr>
            <th scope="row">
                <a href={onward('/experiments', { experiment: name })}>{name}</a>
                <span class="evidence">{STATUS[statusAt(starts_at, ends_at ?? null, Date.now())]}</span>
            </th>
            <td data-label="Feature">
                <a href={toFeature(feature)}>{feature}</a>
            </td>
            <td data-label="Decides">
                <Term metric={primary_metric} />
            </td>
            <td data-label="Arms">{arms.map((arm) => arm.name).join(', ')}</td>
            <td data-label="Start">{date(starts_at)}</td>
        </tr>
    );
}

/** Evals: sets of cases that versions are tried on, what came of it, and whether that says what users say. */

import { api, type Schemas } from '../../api/client';
import { outdate, useData } from '../../api/data';
import { count } from '../../format/number';
import { date } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { Await, Empty } from '../../parts/states';
import { Title } from '../../parts/title';
import { text } from '../../parts/values';
import { useMay } from '../../session';
import { go, onward, usePlace } from '../../state/url';
import { Compared } from './compare';
import { MakeCases } from './feedback';
import { Run } from './run';
import { EvalSet } from './set';

export function Evals() {
    const { params } = usePlace();
    const name = params.get('set');
    const admin = useMay('admin');
    if (name === null) return <All admin={admin} />;
    const [baseline, candidate, run] = ['baseline', 'candidate', 'run'].map((part) => params.get(part));
    if (baseline != null && candidate != null) return <Compared set={name} baseline={baseline} candidate={candidate} />;
    if (run != null) return <Run set={name} id={run} admin={admin} key={run} />;
    if (params.get('make') !== null && admin) return <MakeCases set={name} />;
    return <EvalSet name={name} admin={admin} key={name} />;
}

function All({ admin }: { admin: boolean }) {
    const found = useData('evals', () => api.get('/api/v1/evals'));
    return (
        <>
            <Title lead="Cases to try a version on before users meet it, and whether trying tells what users will say.">Evals</Title>
            <Await of={found}>
                {({ data }) =>
                    data.length === 0 ? (
                        <Empty title="No eval set yet">
                            <p>Make one, and fill it from what users edited and rejected, or from a spreadsheet.</p>
                        </Empty>
                    ) : (
                        <Cards label="Eval sets" heads={<Heads of={['Set', 'Cases', 'Runs', 'Made']} />}>
                            {data.map((one) => (
                                <Row key={one.name} {...one} />
                            ))}
                        </Cards>
                    )
                }
            </Await>
            <section class="section" aria-labelledby="new-set">
                <h2 id="new-set">A new set</h2>
                {admin ? <NewSet /> : <p class="none">Making one takes a key with the scope admin.</p>}
            </section>
        </>
    );
}

function Row({ name, description, cases, runs, created_at }: Schemas['EvalSetView']) {
    return (
        <tr>
            <th scope="row">
                <a href={onward('/evals', { set: name })}>{name}</a>
                {description !== null && <span class="evidence">{description}</span>}
            </th>
            <td data-label="Cases">{count(cases)}</td>
            <td data-label="Runs">{count(runs)}</td>
            <td data-label="Made">{date(created_at)}</td>
        </tr>
    );
}

function NewSet() {
    const { attempt, busy, problem } = useAttempt();
    const make = (form: HTMLFormElement) =>
        void attempt(async () => {
            const values = new FormData(form);
            const description = text(values, 'description') || undefined;
            const made = await api.post('/api/v1/evals', { body: { name: text(values, 'name'), description } });
            outdate();
            go(onward('/evals', { set: made.name }));
        });
    return (
        <Form onSubmit={make}>
            <label>
                Name
                <input name="name" required maxLength={100} pattern="[^\/?#%]*\S[^\/?#%]*" title="without / ? # and %" />
            </label>
            <label>
                What it is for
                <textarea name="description" rows={2} maxLength={10_000} />
            </label>
            <Trouble problem={problem} />
            <button type="submit" class="primary" disabled={busy}>
                Make the set
            </button>
        </Form>
    );
}

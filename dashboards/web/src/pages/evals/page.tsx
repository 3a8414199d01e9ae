/** Evals: sets of cases that versions are tried on, what came of it, and whether that says what users say. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { outdate, useData } from '../../api/data';
import { useSession } from '../../app';
import { count } from '../../format/number';
import { date } from '../../format/time';
import { Await, Empty } from '../../parts/states';
import { may } from '../../session';
import { go, onward, usePlace } from '../../state/url';
import { told } from './attempt';
import { Compared } from './compare';
import { Made } from './feedback';
import { Run } from './run';
import { Set } from './set';

export function Evals() {
    const { params } = usePlace();
    const name = params.get('set');
    const admin = may(useSession(), 'admin');
    if (name === null) return <All admin={admin} />;
    const [baseline, candidate, run] = ['baseline', 'candidate', 'run'].map((part) => params.get(part));
    if (baseline != null && candidate != null) return <Compared set={name} baseline={baseline} candidate={candidate} />;
    if (run != null) return <Run set={name} id={run} admin={admin} key={run} />;
    if (params.get('make') !== null && admin) return <Made set={name} />;
    return <Set name={name} admin={admin} key={name} />;
}

function All({ admin }: { admin: boolean }) {
    const found = useData('evals', () => api.get('/api/v1/evals'));
    return (
        <>
            <div class="title">
                <h1>Evals</h1>
                <p class="lead">Cases to try a version on before users meet it, and whether trying tells what users will say.</p>
            </div>
            <Await of={found}>
                {({ data }) =>
                    data.length === 0 ? (
                        <Empty title="No eval set yet">
                            <p>Make one, and fill it from what users edited and rejected, or from a spreadsheet.</p>
                        </Empty>
                    ) : (
                        <div class="scroll" tabIndex={0} role="region" aria-label="Eval sets">
                            <table class="cards">
                                <thead>
                                    <tr>
                                        {['Set', 'Cases', 'Runs', 'Made'].map((title) => (
                                            <th scope="col" key={title}>
                                                {title}
                                            </th>
                                        ))}
                                    </tr>
                                </thead>
                                <tbody>
                                    {data.map((one) => (
                                        <Row key={one.name} {...one} />
                                    ))}
                                </tbody>
                            </table>
                        </div>
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
    const [problem, setProblem] = useState<string>();
    const make = async (form: FormData) => {
        const name = String(form.get('name'));
        const description = String(form.get('description'));
        const made = await told(() => api.post('/api/v1/evals', { body: { name, ...(description === '' ? {} : { description }) } }), setProblem);
        if (made === undefined) return;
        outdate();
        go(onward('/evals', { set: made.name }));
    };
    return (
        <form
            class="form"
            onSubmit={(event) => {
                event.preventDefault();
                void make(new FormData(event.currentTarget as HTMLFormElement));
            }}
        >
            <label>
                Name
                <input name="name" required maxLength={100} pattern="[^\/?#%]*\S[^\/?#%]*" title="without / ? # and %" />
            </label>
            <label>
                What it is for
                <textarea name="description" rows={2} maxLength={10_000} />
            </label>
            {problem !== undefined && (
                <p class="notice" role="alert">
                    {problem}
                </p>
            )}
            <button type="submit" class="primary">
                Make the set
            </button>
        </form>
    );
}

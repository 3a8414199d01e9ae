/** One set: its cases, its runs, and whether it is any good. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { outdate, useData } from '../../api/data';
import { count, counted, parts, percent } from '../../format/number';
import { minute } from '../../format/time';
import { reason } from '../../format/words';
import { Await, Empty } from '../../parts/states';
import { Explained } from '../../parts/term';
import { go, onward, set as change } from '../../state/url';
import { told } from './attempt';
import { Cases } from './cases';
import { Quality } from './quality';
import { Upload } from './upload';
import { pairOf } from './words';

export function Set({ name, admin }: { name: string; admin: boolean }) {
    const path = { set: name };
    const found = useData(`eval ${name}`, () => api.get('/api/v1/evals/{set}', { path }));
    return (
        <>
            <div class="title">
                <p class="crumb">
                    <a href={onward('/evals')}>Evals</a>
                </p>
                <h1>{name}</h1>
                {found.data !== undefined && found.data.description !== null && <p class="lead">{found.data.description}</p>}
            </div>
            <Await of={found}>
                {(one) => (
                    <>
                        <Quality set={name} cases={one.cases} />
                        <Runs set={name} admin={admin} />
                        <Cases set={name} total={one.cases} admin={admin} />
                        {admin && <Settings {...one} />}
                    </>
                )}
            </Await>
        </>
    );
}

function Runs({ set, admin }: { set: string; admin: boolean }) {
    const path = { set };
    const found = useData(`eval runs ${set}`, () => api.get('/api/v1/evals/{set}/runs', { path }));
    return (
        <section class="section" aria-labelledby="runs">
            <div class="section-head">
                <h2 id="runs">Runs</h2>
                <p>What any runner found, the newest first.</p>
            </div>
            <Await of={found}>
                {({ data, total }) =>
                    data.length === 0 ? (
                        <Empty title="No run yet">
                            Run your version on the cases, and upload a file with the columns <code>case</code>, <code>score</code> or <code>pass</code>,
                            and <code>judge</code>.
                        </Empty>
                    ) : (
                        <>
                            {data.length > 1 && <Choose set={set} runs={data} />}
                            <div class="scroll" tabIndex={0} role="region" aria-label="Table of runs">
                                <table class="cards">
                                    <thead>
                                        <tr>
                                            {['Run', 'Version', 'Score', 'Pass'].map((title) => (
                                                <th scope="col" key={title}>
                                                    {title}
                                                </th>
                                            ))}
                                        </tr>
                                    </thead>
                                    <tbody>
                                        {data.map((run) => (
                                            <tr key={run.id}>
                                                <th scope="row">
                                                    <a href={onward('/evals', { set, run: run.id })}>{run.name}</a>
                                                    <span class="evidence">
                                                        {minute(run.created_at)} · {counted(run.cases, 'case')}
                                                    </span>
                                                </th>
                                                <td data-label="Version">
                                                    {run.version ?? '–'}
                                                    {run.model !== null && <span class="evidence">{run.model}</span>}
                                                </td>
                                                <td data-label="Score">
                                                    <Share value={run.score} />
                                                </td>
                                                <td data-label="Pass">
                                                    <Share value={run.pass_rate} />
                                                </td>
                                            </tr>
                                        ))}
                                    </tbody>
                                </table>
                            </div>
                            {total > data.length && (
                                <p class="foot">
                                    The latest {count(data.length)} of {count(total)}.
                                </p>
                            )}
                        </>
                    )
                }
            </Await>
            {admin && <Upload set={set} kind="runs" />}
        </section>
    );
}

/** A share with its interval, or why there is none. */
export function Share({ value }: { value: Schemas['Estimate'] }) {
    if (value.value === null) return <span class="none">{reason(value.reason)}</span>;
    const shown = parts(value, 'share');
    return (
        <span class="number">
            {shown.value} <span class="interval">{shown.interval}</span>
        </span>
    );
}

function Choose({ set, runs }: { set: string; runs: Schemas['EvalListedRun'][] }) {
    const first = pairOf(runs);
    const [baseline, setBaseline] = useState(first.baseline);
    const [candidate, setCandidate] = useState(first.candidate);
    const options = runs.map((run) => (
        <option key={run.id} value={run.id}>
            {run.name} ({counted(run.cases, 'case')}, {minute(run.created_at)})
        </option>
    ));
    return (
        <div class="controls choose" role="group" aria-label="Compare two runs">
            <label>
                <span class="label">Baseline</span>
                <select value={baseline} onChange={(event) => setBaseline(event.currentTarget.value)}>
                    {options}
                </select>
            </label>
            <label>
                <span class="label">Candidate</span>
                <select value={candidate} onChange={(event) => setCandidate(event.currentTarget.value)}>
                    {options}
                </select>
            </label>
            <button type="button" disabled={baseline === candidate} onClick={() => go(onward('/evals', { set, baseline, candidate }))}>
                Compare
            </button>
        </div>
    );
}

function Settings({ name, pass_from, cases }: Schemas['EvalSetView']) {
    const [problem, setProblem] = useState<string>();
    const path = { set: name };
    const save = async (form: FormData) => {
        const body = { pass_from: Number(form.get('pass_from')) / 100 };
        const done = await told(() => api.patch('/api/v1/evals/{set}', { path, body }), setProblem);
        if (done === undefined) return;
        outdate();
        change({}, true);
    };
    const remove = async () => {
        if (!confirm(`Delete “${name}” with its ${counted(cases, 'case')} and all runs?`)) return;
        const gone = await told(() => api.delete('/api/v1/evals/{set}', { path }).then(() => true), setProblem);
        if (gone === undefined) return;
        outdate();
        go(onward('/evals'), true);
    };
    return (
        <section class="section" aria-labelledby="set-settings">
            <h2 id="set-settings">Settings</h2>
            <form
                class="controls"
                onSubmit={(event) => {
                    event.preventDefault();
                    void save(new FormData(event.currentTarget as HTMLFormElement));
                }}
            >
                <label>
                    <span class="label">
                        <Explained text="Where the runner does not say whether a case passed. It holds for old runs too.">Passes from a score of</Explained>{' '}
                        (now {percent(pass_from)})
                    </span>
                    <input name="pass_from" type="number" min="0" max="100" step="any" required defaultValue={String(Math.round(pass_from * 1e4) / 100)} />
                </label>
                <button type="submit">Save</button>
                <button type="button" onClick={() => void remove()}>
                    Delete the set
                </button>
            </form>
            {problem !== undefined && (
                <p class="notice" role="alert">
                    {problem}
                </p>
            )}
        </section>
    );
}

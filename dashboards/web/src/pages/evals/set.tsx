/** One set: its cases, its runs, and whether it is any good. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { outdate, reload, useData } from '../../api/data';
import { count, counted, percent } from '../../format/number';
import { minute } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { Estimate } from '../../parts/estimate';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { Picker } from '../../parts/picker';
import { Await, Empty } from '../../parts/states';
import { Explained } from '../../parts/term';
import { Title } from '../../parts/title';
import { go, onward } from '../../state/url';
import { Cases } from './cases';
import { Quality } from './quality';
import { Ranking } from './ranking';
import { Upload } from './upload';
import { pairOf } from './words';

export function EvalSet({ name, admin }: { name: string; admin: boolean }) {
    const path = { set: name };
    const found = useData(`eval ${name}`, () => api.get('/api/v1/evals/{set}', { path }));
    return (
        <>
            <Title above={[[onward('/evals'), 'Evals']]} lead={found.data?.description ?? undefined}>
                {name}
            </Title>
            <Await of={found}>
                {(one) => (
                    <>
                        <Quality set={name} cases={one.cases} />
                        <Runs set={name} admin={admin} />
                        <Ranking set={name} runs={one.runs} />
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
                            <Cards label="Table of runs" heads={<Heads of={['Run', 'Version', 'Score', 'Pass']} />}>
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
                                            <Estimate value={run.score} bare />
                                        </td>
                                        <td data-label="Pass">
                                            <Estimate value={run.pass_rate} bare />
                                        </td>
                                    </tr>
                                ))}
                            </Cards>
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

function Choose({ set, runs }: { set: string; runs: Schemas['EvalListedRun'][] }) {
    const first = pairOf(runs);
    const [baseline, setBaseline] = useState(first.baseline);
    const [candidate, setCandidate] = useState(first.candidate);
    const options = runs.map((run) => [run.id, `${run.name} (${counted(run.cases, 'case')}, ${minute(run.created_at)})`] as const);
    return (
        <div class="controls choose" role="group" aria-label="Compare two runs">
            <Picker label="Baseline" value={baseline} options={options} onPick={setBaseline} />
            <Picker label="Candidate" value={candidate} options={options} onPick={setCandidate} />
            <button type="button" disabled={baseline === candidate} onClick={() => go(onward('/evals', { set, baseline, candidate }))}>
                Compare
            </button>
        </div>
    );
}

function Settings({ name, pass_from, cases }: Schemas['EvalSetView']) {
    const { attempt, problem } = useAttempt();
    const path = { set: name };
    const save = (form: HTMLFormElement) =>
        void attempt(async () => {
            const body = { pass_from: Number(new FormData(form).get('pass_from')) / 100 };
            await api.patch('/api/v1/evals/{set}', { path, body });
            reload();
        });
    const remove = () =>
        void attempt(async () => {
            await api.delete('/api/v1/evals/{set}', { path });
            outdate();
            go(onward('/evals'), true);
        });
    const question = `Delete “${name}” with its ${counted(cases, 'case')} and all runs?`;
    return (
        <section class="section" aria-labelledby="set-settings">
            <h2 id="set-settings">Settings</h2>
            <Form class="controls" onSubmit={save}>
                <label>
                    <span class="label">
                        <Explained text="Where the runner does not say whether a case passed. It holds for old runs too.">Passes from a score of</Explained>{' '}
                        (now {percent(pass_from)})
                    </span>
                    <input name="pass_from" type="number" min="0" max="100" step="any" required defaultValue={String(Math.round(pass_from * 1e4) / 100)} />
                </label>
                <button type="submit">Save</button>
                <button type="button" onClick={() => confirm(question) && remove()}>
                    Delete the set
                </button>
            </Form>
            <Trouble problem={problem} />
        </section>
    );
}

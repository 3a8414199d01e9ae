/** One run: its scores by tag and judge, and what was found of each case. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { outdate, useData } from '../../api/data';
import { count, counted, percent } from '../../format/number';
import { minute } from '../../format/time';
import { Await } from '../../parts/states';
import { Explained } from '../../parts/term';
import { go, onward, set as change, usePlace } from '../../state/url';
import { told } from './attempt';
import { Share } from './set';

interface Props {
    set: string;
    id: string;
    admin: boolean;
}

export function Run({ set, id, admin }: Props) {
    const path = { set, run: id };
    const found = useData(`eval run ${set} ${id}`, () => api.get('/api/v1/evals/{set}/runs/{run}', { path }));
    return (
        <>
            <div class="title">
                <p class="crumb">
                    <a href={onward('/evals')}>Evals</a> / <a href={onward('/evals', { set })}>{set}</a>
                </p>
                <h1>{found.data?.run.name ?? 'Run'}</h1>
            </div>
            <Await of={found} lines={12}>
                {(answer) => (
                    <>
                        <Scores {...answer} />
                        <Results set={set} id={id} />
                        {admin && <Remove set={set} id={id} name={answer.run.name} />}
                    </>
                )}
            </Await>
        </>
    );
}

function Scores({ run, scores, level }: Schemas['EvalRunResponse']) {
    return (
        <>
            <p class="sentence">
                {run.version === null ? 'No version was named' : `Version ${run.version}`}
                {run.model !== null && ` on ${run.model}`}, uploaded {minute(run.created_at)}. {counted(scores.cases, 'case')} with a result
                {scores.missing > 0 && `, ${count(scores.missing)} without`}
                {scores.changed_since > 0 && `; ${count(scores.changed_since)} were changed since`}. Intervals at {percent(level)}.
            </p>
            <dl class="headline">
                <div>
                    <dt>
                        <Explained text="The mean over cases; a case has the mean of its judges.">Score</Explained>
                    </dt>
                    <dd>
                        <Share value={scores.score} />
                    </dd>
                </div>
                <div>
                    <dt>
                        <Explained text="The share of cases that more than half of their judges pass.">Pass</Explained>
                    </dt>
                    <dd>
                        <Share value={scores.pass_rate} />
                    </dd>
                </div>
            </dl>
            <Groups id="tags" title="By tag" none="no tag" groups={scores.tags} />
            {scores.judges.length > 1 && <Groups id="judges" title="By judge" none="nobody named" groups={scores.judges} />}
        </>
    );
}

function Groups({ id, title, none, groups }: { id: string; title: string; none: string; groups: Schemas['EvalGroupScores'][] }) {
    if (groups.length === 0) return null;
    return (
        <section class="section" aria-labelledby={id}>
            <h2 id={id}>{title}</h2>
            <div class="scroll" tabIndex={0} role="region" aria-label={`Table: ${title}`}>
                <table class="cards">
                    <thead>
                        <tr>
                            {['', 'Cases', 'Score', 'Pass'].map((head) => (
                                <th scope="col" key={head}>
                                    {head === '' ? <span class="hidden">Which</span> : head}
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {groups.map((group) => (
                            <tr key={group.name}>
                                <th scope="row">{group.name ?? <span class="none">{none}</span>}</th>
                                <td data-label="Cases">{count(group.cases)}</td>
                                <td data-label="Score">
                                    <Share value={group.score} />
                                </td>
                                <td data-label="Pass">
                                    <Share value={group.pass_rate} />
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </section>
    );
}

function Results({ set, id }: { set: string; id: string }) {
    const { params } = usePlace();
    const cursor = params.get('cursor');
    const query = { limit: 50, ...(cursor === null ? {} : { cursor }) };
    const path = { set, run: id };
    const found = useData(`eval results ${set} ${id} ${cursor}`, () => api.get('/api/v1/evals/{set}/runs/{run}/results', { path, query }));
    return (
        <section class="section" aria-labelledby="results">
            <h2 id="results">Results</h2>
            <Await of={found} lines={10}>
                {({ data, next_cursor }) => (
                    <>
                        <div class="scroll" tabIndex={0} role="region" aria-label="Table of results">
                            <table class="cards cases">
                                <thead>
                                    <tr>
                                        {['Case', 'Judge', 'Result', 'Output'].map((title) => (
                                            <th scope="col" key={title}>
                                                {title}
                                            </th>
                                        ))}
                                    </tr>
                                </thead>
                                <tbody>
                                    {data.map((row) => (
                                        <tr key={`${row.case} ${row.judge}`}>
                                            <th scope="row">
                                                <a href={onward('/evals', { set, case: row.case, text: row.case })}>{row.case}</a>
                                            </th>
                                            <td data-label="Judge">{row.judge ?? '–'}</td>
                                            <td data-label="Result">
                                                {row.pass ? '✓ pass' : '✗ fail'}
                                                {row.score !== null && <span class="evidence">{percent(row.score)}</span>}
                                            </td>
                                            <td data-label="Output">
                                                {row.output === null ? <span class="none">not sent</span> : row.output.slice(0, 300)}
                                                {row.comment !== null && <span class="evidence">{row.comment.slice(0, 300)}</span>}
                                            </td>
                                        </tr>
                                    ))}
                                </tbody>
                            </table>
                        </div>
                        <div class="pages">
                            {cursor !== null && (
                                <button type="button" onClick={() => change({ cursor: null })}>
                                    First
                                </button>
                            )}
                            {next_cursor !== null && (
                                <button type="button" onClick={() => change({ cursor: next_cursor })}>
                                    More
                                </button>
                            )}
                        </div>
                    </>
                )}
            </Await>
        </section>
    );
}

function Remove({ set, id, name }: { set: string; id: string; name: string }) {
    const [problem, setProblem] = useState<string>();
    const remove = async () => {
        if (!confirm(`Delete the run “${name}” with its results?`)) return;
        const path = { set, run: id };
        const gone = await told(() => api.delete('/api/v1/evals/{set}/runs/{run}', { path }).then(() => true), setProblem);
        if (gone === undefined) return;
        outdate();
        go(onward('/evals', { set }), true);
    };
    return (
        <div class="foot labelling">
            <button type="button" onClick={() => void remove()}>
                Delete the run
            </button>
            {problem !== undefined && (
                <p class="notice" role="alert">
                    {problem}
                </p>
            )}
        </div>
    );
}

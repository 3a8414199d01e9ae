/** One run: its scores by tag and judge, and what was found of each case. */

import { api, type Schemas } from '../../api/client';
import { outdate, useData } from '../../api/data';
import { count, counted, percent } from '../../format/number';
import { minute } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { Estimate } from '../../parts/estimate';
import { Trouble, useAttempt } from '../../parts/form';
import { Pages } from '../../parts/pages';
import { Await } from '../../parts/states';
import { Explained } from '../../parts/term';
import { Title } from '../../parts/title';
import { go, onward, usePlace } from '../../state/url';
import { withinSet } from './above';

interface Props {
    set: string;
    id: string;
    admin: boolean;
}

const PAGE = 50;
/** Characters of a text that are shown. */
const SNIPPET = 300;

export function Run({ set, id, admin }: Props) {
    const path = { set, run: id };
    const found = useData(`eval run ${set} ${id}`, () => api.get('/api/v1/evals/{set}/runs/{run}', { path }));
    return (
        <>
            <Title above={withinSet(set)}>{found.data?.run.name ?? 'Run'}</Title>
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
                        <Estimate value={scores.score} bare />
                    </dd>
                </div>
                <div>
                    <dt>
                        <Explained text="The share of cases that more than half of their judges pass.">Pass</Explained>
                    </dt>
                    <dd>
                        <Estimate value={scores.pass_rate} bare />
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
            <Cards label={`Table: ${title}`} heads={<Heads of={[{ hidden: 'Which' }, 'Cases', 'Score', 'Pass']} />}>
                {groups.map((group) => (
                    <tr key={group.name}>
                        <th scope="row">{group.name ?? <span class="none">{none}</span>}</th>
                        <td data-label="Cases">{count(group.cases)}</td>
                        <td data-label="Score">
                            <Estimate value={group.score} bare />
                        </td>
                        <td data-label="Pass">
                            <Estimate value={group.pass_rate} bare />
                        </td>
                    </tr>
                ))}
            </Cards>
        </section>
    );
}

function Results({ set, id }: { set: string; id: string }) {
    const cursor = usePlace().params.get('cursor') ?? undefined;
    const query = { limit: PAGE, cursor };
    const path = { set, run: id };
    const found = useData(`eval results ${set} ${id} ${cursor ?? ''}`, () => api.get('/api/v1/evals/{set}/runs/{run}/results', { path, query }));
    return (
        <section class="section" aria-labelledby="results">
            <h2 id="results">Results</h2>
            <Await of={found} lines={10}>
                {({ data, next_cursor }) => (
                    <>
                        <Cards label="Table of results" class="cases" heads={<Heads of={['Case', 'Judge', 'Result', 'Output']} />}>
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
                                        {row.output === null ? <span class="none">not sent</span> : row.output.slice(0, SNIPPET)}
                                        {row.comment !== null && <span class="evidence">{row.comment.slice(0, SNIPPET)}</span>}
                                    </td>
                                </tr>
                            ))}
                        </Cards>
                        <Pages next={next_cursor} />
                    </>
                )}
            </Await>
        </section>
    );
}

function Remove({ set, id, name }: { set: string; id: string; name: string }) {
    const { attempt, problem } = useAttempt();
    const remove = () =>
        void attempt(async () => {
            await api.delete('/api/v1/evals/{set}/runs/{run}', { path: { set, run: id } });
            outdate();
            go(onward('/evals', { set }), true);
        });
    return (
        <div class="foot labelling">
            <button type="button" onClick={() => confirm(`Delete the run “${name}” with its results?`) && remove()}>
                Delete the run
            </button>
            <Trouble problem={problem} />
        </div>
    );
}

/** Which of several runs is best, and what tells each two apart. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { around } from '../../charts/intervals';
import { count, counted, percent, pValue } from '../../format/number';
import { Cards, Heads } from '../../parts/cards';
import { DrawnDifference, Estimate } from '../../parts/estimate';
import { Await } from '../../parts/states';
import { Explained } from '../../parts/term';
import { onward } from '../../state/url';
import { standing } from './words';

/** Two runs are compared rather than ranked. */
const LEAST = 3;

export function Ranking({ set, runs }: { set: string; runs: number }) {
    const path = { set };
    const found = useData(runs < LEAST ? null : `eval ranking ${set}`, () => api.get('/api/v1/evals/{set}/ranking', { path }), 'analyses');
    if (runs < LEAST || (found.data !== undefined && found.data.data.runs.length < LEAST)) return null;
    return (
        <section class="section" aria-labelledby="ranking">
            <div class="section-head">
                <h2 id="ranking">Which run is best?</h2>
                <p>The newest run of each version: every two on the cases that both have, where the higher score wins.</p>
            </div>
            <Await of={found} lines={8}>
                {(answer) => <Found {...answer} />}
            </Await>
        </section>
    );
}

function Found({ set, data, runs_left_out, level }: Schemas['EvalRankingResponse']) {
    const names = new Map(data.runs.map((run) => [run.run, run.label]));
    return (
        <>
            <p class="conclusion">{data.sentence}</p>
            <p class="sentence">
                On {counted(data.cases, 'case')}. Intervals at {percent(level)}; which is ahead is told for all pairs together.
                {runs_left_out > 0 && ` Only the newest: ${counted(runs_left_out, 'older run')} left out.`}
            </p>
            <Runs set={set} runs={data.runs} />
            <details>
                <summary>Every two of them</summary>
                <Pairs set={set} pairs={data.pairs} names={names} />
            </details>
        </>
    );
}

function Runs({ set, runs }: { set: string; runs: Schemas['EvalRankedRun'][] }) {
    const domain = around(runs.map((run) => run.strength));
    return (
        <Cards
            label="Runs, the strongest first"
            heads={
                <>
                    <th scope="col">Run</th>
                    <th scope="col">
                        <Explained text="By Bradley and Terry, from all rounds together: 0 is the mean of the runs, and one that is ahead by 1 wins 73 % of the rounds.">
                            Strength
                        </Explained>
                    </th>
                    <th scope="col">
                        <Explained text="Ties count half; the mean over the runs that it meets.">Win rate</Explained>
                    </th>
                    <th scope="col">Won, tied, lost</th>
                </>
            }
        >
            {runs.map((run) => (
                <tr key={run.run}>
                    <th scope="row">
                        <a href={onward('/evals', { set, run: run.run })}>{run.label}</a>
                        <span class="evidence">{counted(run.cases, 'case')}</span>
                    </th>
                    <td data-label="Strength">
                        {run.standing === 'ranked' ? (
                            <DrawnDifference value={run.strength} unit="nats" domain={domain} />
                        ) : (
                            <span class="none">{standing(run.standing)}</span>
                        )}
                    </td>
                    <td data-label="Win rate">
                        <Estimate value={run.win_rate} bare />
                    </td>
                    <td data-label="Won, tied, lost">{[run.wins, run.ties, run.losses].map(count).join(', ')}</td>
                </tr>
            ))}
        </Cards>
    );
}

interface PairsProps {
    set: string;
    pairs: Schemas['EvalRankedPair'][];
    names: Map<string, string>;
}

function Pairs({ set, pairs, names }: PairsProps) {
    return (
        <Cards label="Every two runs" heads={<Heads of={['Run', 'Against', 'Wins', 'Cases', 'p', 'Ahead']} />}>
            {pairs.map(({ first, second, win_rate, cases, adjusted_p_value, ahead }) => (
                <tr key={`${first} ${second}`}>
                    <th scope="row">
                        <a href={onward('/evals', { set, baseline: second, candidate: first })}>{names.get(first)}</a>
                    </th>
                    <td data-label="Against">{names.get(second)}</td>
                    <td data-label="Wins">
                        <Estimate value={win_rate} bare />
                    </td>
                    <td data-label="Cases">{count(cases)}</td>
                    <td data-label="p">{adjusted_p_value === null ? '–' : pValue(adjusted_p_value)}</td>
                    <td data-label="Ahead">{ahead === null ? <span class="none">cannot tell</span> : names.get(ahead)}</td>
                </tr>
            ))}
        </Cards>
    );
}

/** One run against another, case by case: what it fixed, and what it broke. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { around } from '../../charts/intervals';
import { count, counted, percent, pValue } from '../../format/number';
import { Cards, Heads } from '../../parts/cards';
import { DrawnDifference, Estimate } from '../../parts/estimate';
import { Await, Empty } from '../../parts/states';
import { Explained } from '../../parts/term';
import { Title } from '../../parts/title';
import { onward } from '../../state/url';
import { withinSet } from './above';
import { outcome } from './words';

type Answer = Schemas['EvalComparisonResponse'];

interface Props {
    set: string;
    baseline: string;
    candidate: string;
}

export function Compared({ set, baseline, candidate }: Props) {
    const query = { baseline, candidate };
    const found = useData(`eval compare ${set} ${baseline} ${candidate}`, () => api.get('/api/v1/evals/{set}/compare', { path: { set }, query }));
    return (
        <>
            <Title above={withinSet(set)}>
                {found.data === undefined ? 'Two runs' : `${found.data.candidate.name} against ${found.data.baseline.name}`}
            </Title>
            <Await of={found} lines={12}>
                {(answer) => (answer.data.cases === 0 ? <Nothing {...answer} /> : <Found {...answer} set={set} />)}
            </Await>
        </>
    );
}

function Nothing({ data }: Answer) {
    return (
        <Empty title="Nothing to compare">
            No case has results of both by the same judge: {count(data.missing_in_candidate)} only of the baseline, {count(data.missing_in_baseline)} only of the
            candidate.
        </Empty>
    );
}

function Found({ baseline, candidate, data, level, set }: Answer & { set: string }) {
    const verdict = outcome(data.score_difference);
    const domain = around([data.score_difference, data.pass_difference]);
    return (
        <>
            <p class="conclusion">
                <span aria-hidden="true">{verdict.sign}</span> {verdict.words}
            </p>
            <p class="sentence">
                {candidate.version ?? candidate.name} against {baseline.version ?? baseline.name} on the {counted(data.cases, 'case')} that both have, by the
                judges they have in common. Intervals at {percent(level)}, paired by case.
            </p>
            <Cards label="Both runs" heads={<Heads of={[{ hidden: 'What' }, 'Baseline', 'Candidate', 'Difference']} />}>
                <Line title="Score" before={data.baseline_score} after={data.candidate_score} difference={data.score_difference} domain={domain} />
                <Line title="Pass" before={data.baseline_pass_rate} after={data.candidate_pass_rate} difference={data.pass_difference} domain={domain} />
            </Cards>
            <p class="sentence evidence">
                {count(data.pairs.fixed)} fixed, {count(data.pairs.broken)} broken, {count(data.pairs.both_pass)} pass on both, {count(data.pairs.both_fail)} fail on
                both
                {data.mcnemar_mid !== null && (
                    <>
                        ;{' '}
                        <Explained text="How often chance alone would make so many more go one way than the other: McNemar's mid-p-value, cases taken as independent.">
                            p {pValue(data.mcnemar_mid)}
                        </Explained>
                    </>
                )}
                . {data.missing_in_candidate > 0 && `${counted(data.missing_in_candidate, 'case')} only of the baseline. `}
                {data.missing_in_baseline > 0 && `${counted(data.missing_in_baseline, 'case')} only of the candidate.`}
            </p>
            <div class="pair">
                <Flips id="broken" title="Broken" all={data.pairs.broken} flips={data.broken} set={set} />
                <Flips id="fixed" title="Fixed" all={data.pairs.fixed} flips={data.fixed} set={set} />
            </div>
            {data.tags.length > 0 && <Tags tags={data.tags} />}
        </>
    );
}

interface LineProps {
    title: string;
    before: Schemas['Estimate'];
    after: Schemas['Estimate'];
    difference: Schemas['Estimate'];
    domain: [number, number];
}

function Line({ title, before, after, difference, domain }: LineProps) {
    return (
        <tr>
            <th scope="row">{title}</th>
            <td data-label="Baseline">
                <Estimate value={before} bare />
            </td>
            <td data-label="Candidate">
                <Estimate value={after} bare />
            </td>
            <td data-label="Difference">
                <DrawnDifference value={difference} unit="share_difference" domain={domain} />
            </td>
        </tr>
    );
}

function Flips({ id, title, all, flips, set }: { id: string; title: string; all: number; flips: Schemas['EvalFlip'][]; set: string }) {
    return (
        <section aria-labelledby={id}>
            <h2 id={id}>
                {title} ({count(all)})
            </h2>
            {flips.length === 0 ? (
                <p class="none">None.</p>
            ) : (
                <ul class="findings">
                    {flips.map((flip) => (
                        <li key={flip.case}>
                            <a href={onward('/evals', { set, case: flip.case, text: flip.case })}>{flip.case}</a>{' '}
                            <span class="number">
                                {percent(flip.baseline)} → {percent(flip.candidate)}
                            </span>
                            {flip.tags.length > 0 && <span class="evidence">{flip.tags.join(', ')}</span>}
                        </li>
                    ))}
                    {all > flips.length && <li>… and {count(all - flips.length)} more.</li>}
                </ul>
            )}
        </section>
    );
}

function Tags({ tags }: { tags: Schemas['EvalTagDifference'][] }) {
    const domain = around(tags.map((tag) => tag.score_difference));
    return (
        <section class="section" aria-labelledby="tags">
            <h2 id="tags">By tag</h2>
            <Cards label="Table by tag" heads={<Heads of={['Tag', 'Cases', 'Score', 'Fixed', 'Broken']} />}>
                {tags.map((tag) => (
                    <tr key={tag.tag}>
                        <th scope="row">{tag.tag ?? <span class="none">no tag</span>}</th>
                        <td data-label="Cases">{count(tag.cases)}</td>
                        <td data-label="Score">
                            <DrawnDifference value={tag.score_difference} unit="share_difference" domain={domain} />
                        </td>
                        <td data-label="Fixed">{count(tag.fixed)}</td>
                        <td data-label="Broken">{count(tag.broken)}</td>
                    </tr>
                ))}
            </Cards>
        </section>
    );
}

/** One run against another, case by case: what it fixed, and what it broke. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { around, Interval } from '../../charts/intervals';
import { count, counted, parts, percent, pValue, withInterval } from '../../format/number';
import { reason } from '../../format/words';
import { Await, Empty } from '../../parts/states';
import { Explained } from '../../parts/term';
import { onward } from '../../state/url';
import { Share } from './set';
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
            <div class="title">
                <p class="crumb">
                    <a href={onward('/evals')}>Evals</a> / <a href={onward('/evals', { set })}>{set}</a>
                </p>
                <h1>{found.data === undefined ? 'Two runs' : `${found.data.candidate.name} against ${found.data.baseline.name}`}</h1>
            </div>
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
    return (
        <>
            <p class="conclusion">
                <span aria-hidden="true">{verdict.sign}</span> {verdict.words}
            </p>
            <p class="sentence">
                {candidate.version ?? candidate.name} against {baseline.version ?? baseline.name} on the {counted(data.cases, 'case')} that both have, by the
                judges they have in common. Intervals at {percent(level)}, paired by case.
            </p>
            <div class="scroll" tabIndex={0} role="region" aria-label="Both runs">
                <table class="cards">
                    <thead>
                        <tr>
                            {['', 'Baseline', 'Candidate', 'Difference'].map((head) => (
                                <th scope="col" key={head}>
                                    {head === '' ? <span class="hidden">What</span> : head}
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        <Line title="Score" before={data.baseline_score} after={data.candidate_score} difference={data.score_difference} />
                        <Line title="Pass" before={data.baseline_pass_rate} after={data.candidate_pass_rate} difference={data.pass_difference} />
                    </tbody>
                </table>
            </div>
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
}

function Line({ title, before, after, difference }: LineProps) {
    return (
        <tr>
            <th scope="row">{title}</th>
            <td data-label="Baseline">
                <Share value={before} />
            </td>
            <td data-label="Candidate">
                <Share value={after} />
            </td>
            <td data-label="Difference">
                <Difference value={difference} />
            </td>
        </tr>
    );
}

function Difference({ value, domain }: { value: Schemas['Estimate']; domain?: [number, number] }) {
    if (value.value === null) return <span class="none">{reason(value.reason)}</span>;
    const shown = parts(value, 'share_difference', true);
    return (
        <>
            <span class="number">
                {shown.value} <span class="interval">{shown.interval}</span>
            </span>
            {domain !== undefined && <Interval value={value} domain={domain} label={withInterval(value, 'share_difference', true)} width={150} />}
        </>
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
            <div class="scroll" tabIndex={0} role="region" aria-label="Table by tag">
                <table class="cards">
                    <thead>
                        <tr>
                            {['Tag', 'Cases', 'Score', 'Fixed', 'Broken'].map((title) => (
                                <th scope="col" key={title}>
                                    {title}
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {tags.map((tag) => (
                            <tr key={tag.tag}>
                                <th scope="row">{tag.tag ?? <span class="none">no tag</span>}</th>
                                <td data-label="Cases">{count(tag.cases)}</td>
                                <td data-label="Score">
                                    <Difference value={tag.score_difference} domain={domain} />
                                </td>
                                <td data-label="Fixed">{count(tag.fixed)}</td>
                                <td data-label="Broken">{count(tag.broken)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </section>
    );
}

/** Is the eval any good? In words, with the numbers behind them. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { coefficient, counted } from '../../format/number';
import { reason } from '../../format/words';
import { Cards, Heads } from '../../parts/cards';
import { Coefficient, Estimate } from '../../parts/estimate';
import { Await, Empty } from '../../parts/states';
import { Explained } from '../../parts/term';
import { onward, toFeature } from '../../state/url';
import { AGREES, covered, leftOut, stale, unclear } from './words';

const DAYS = 30;

export function Quality({ set, cases }: { set: string; cases: number }) {
    const path = { set };
    const found = useData(cases === 0 ? null : `eval quality ${set}`, () => api.get('/api/v1/evals/{set}/quality', { path }), 'analyses');
    if (cases === 0) return null;
    return (
        <section class="section" aria-labelledby="quality">
            <div class="section-head">
                <h2 id="quality">Is it any good?</h2>
                <p>Whether its scores say what users say, and whether it is about what users meet.</p>
            </div>
            <Await of={found} lines={10}>
                {({ data }) => <Found set={set} {...data} />}
            </Await>
        </section>
    );
}

function Found({ set, agreement, features, left_out, versions, version_order, coverage, staleness }: Schemas['EvalQuality'] & { set: string }) {
    const { words, sign, why } = AGREES[agreement.verdict];
    const left = leftOut(left_out);
    const wide = coverage.dimensions.map(covered).filter((sentence) => sentence !== null);
    const old = stale(staleness, DAYS);
    return (
        <>
            <p class="conclusion">
                <span aria-hidden="true">{sign}</span> {words}
            </p>
            <p class="sentence">
                {agreement.verdict === 'cannot_tell' ? unclear(agreement) : why} {counted(agreement.cases, 'case')} {agreement.cases === 1 ? 'is' : 'are'} compared
                {left.length === 0 ? '.' : `; not compared: ${left.join(', ')}.`}
            </p>
            {agreement.cases > 0 && <Agreement rows={features.length > 1 ? [agreement, ...features] : [agreement]} />}
            {versions.length > 1 && <Versions set={set} versions={versions} order={version_order} />}
            <h3>Is it about what users meet?</h3>
            {coverage.placed === 0 ? (
                <Empty title="That cannot be told">None of its cases is made from an output that is still there.</Empty>
            ) : (
                <ul class="findings">
                    {wide.map((sentence) => (
                        <li key={sentence}>{sentence}</li>
                    ))}
                    {coverage.unplaced > 0 && <li>{counted(coverage.unplaced, 'case')} cannot be placed: they are made from no output that is there.</li>}
                </ul>
            )}
            <h3>Is it up to date?</h3>
            <ul class="findings">
                {old.map((sentence) => (
                    <li key={sentence}>{sentence}</li>
                ))}
            </ul>
        </>
    );
}

function Agreement({ rows }: { rows: Schemas['EvalAgreement'][] }) {
    return (
        <Cards
            label="Scores against what users did"
            heads={
                <>
                    <th scope="col">Feature</th>
                    <th scope="col">Verdict</th>
                    <th scope="col">
                        <Explained text="The chance that something users took scores higher than something they did not take; 0.5 is a coin.">AUROC</Explained>
                    </th>
                    <th scope="col">
                        <Explained text="Agreement of passing and being taken, beyond chance: 1 is full, 0 is chance.">κ</Explained>
                    </th>
                    <th scope="col">
                        <Explained text="Rank correlation of the score and how much users kept.">Spearman</Explained>
                    </th>
                </>
            }
        >
            {rows.map((row) => (
                <tr key={row.feature}>
                    <th scope="row">
                        {row.feature === null ? 'All' : <a href={toFeature(row.feature)}>{row.feature}</a>}
                        <span class="evidence">{counted(row.cases, 'case')}</span>
                    </th>
                    <td data-label="Verdict">
                        <span aria-hidden="true">{AGREES[row.verdict].sign}</span> {row.verdict.replaceAll('_', ' ')}
                    </td>
                    <td data-label="AUROC">
                        <Coefficient value={row.auroc} />
                    </td>
                    <td data-label="κ">
                        <Coefficient value={row.kappa} />
                    </td>
                    <td data-label="Spearman">
                        <Coefficient value={row.spearman} />
                    </td>
                </tr>
            ))}
        </Cards>
    );
}

function Versions({ set, versions, order }: { set: string; versions: Schemas['EvalVersion'][]; order: Schemas['Estimate'] }) {
    return (
        <>
            <h3>Does it put versions in the order of users?</h3>
            <p class="sentence">
                {order.value === null
                    ? `That takes four versions that were run and shown in ${DAYS} days: ${reason(order.reason)}.`
                    : `Rank correlation of score and acceptance: ${coefficient(order).value} ${coefficient(order).interval}.`}
            </p>
            <Cards label="Versions" heads={<Heads of={['Version', 'Score', 'Accepted by users']} />}>
                {versions.map((version) => (
                    <tr key={version.version}>
                        <th scope="row">
                            <a href={onward('/evals', { set, run: version.run })}>{version.version}</a>
                        </th>
                        <td data-label="Score">
                            <Estimate value={version.score} bare />
                        </td>
                        <td data-label="Accepted by users">
                            <Estimate value={version.acceptance_rate} bare />
                        </td>
                    </tr>
                ))}
            </Cards>
        </>
    );
}

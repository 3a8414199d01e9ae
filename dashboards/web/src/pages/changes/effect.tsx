/** What one change did, and what speaks against believing it. */

import { api, type Schemas } from '../../api/client';
import { outdate, useData } from '../../api/data';
import { around } from '../../charts/intervals';
import { counted, evidence, ofDifference, parts, percent, pValue, type Spread, type Unit, withInterval } from '../../format/number';
import { date, span } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { DrawnDifference, Written } from '../../parts/estimate';
import { Trouble, useAttempt } from '../../parts/form';
import { Prose } from '../../parts/prose';
import { Await } from '../../parts/states';
import { Explained } from '../../parts/term';
import { Title } from '../../parts/title';
import { go, onward, toFeature } from '../../state/url';
import { OutcomeName } from './page';
import { DESIGNS, KINDS, VERDICTS } from './words';

type Answer = Schemas['EffectResponse'];

export function EffectOf({ id, admin }: { id: string; admin: boolean }) {
    const path = { change: id };
    const found = useData(`effect ${id}`, () => api.get('/api/v1/changes/{change}/effect', { path }), 'analyses');
    return (
        <>
            <Title above={[[onward('/changes'), 'Changes']]}>{found.data?.change.title ?? 'A change'}</Title>
            <Await of={found} lines={12}>
                {(answer) => (
                    <>
                        <Found {...answer} />
                        {admin && <Delete id={id} title={answer.change.title} />}
                    </>
                )}
            </Await>
        </>
    );
}

function Found(answer: Answer) {
    const { change, verdict, sentence, design, warnings } = answer;
    const { words, sign, why } = VERDICTS[verdict];
    return (
        <>
            <p class="sentence">
                <a href={toFeature(change.feature)}>{change.feature}</a>
                {change.versions !== undefined && change.versions.length > 0 && ` ${change.versions.join(', ')}`}: {KINDS[change.kind].toLowerCase()},
                made {date(change.made_at)}
                {change.by == null ? '' : ` by ${change.by}`}, logged {date(change.logged_at)}. It should move <OutcomeName {...answer.outcome} /> by{' '}
                {withInterval({ value: expected(answer) }, ofDifference(answer.outcome.unit), true)}.
            </p>
            {change.note !== undefined && change.note !== '' && <p class="sentence">{change.note}</p>}
            <section class="section" aria-labelledby="verdict">
                <h2 id="verdict" class="conclusion">
                    <span aria-hidden="true">{sign}</span> {words}
                </h2>
                <p class="sentence">{why}</p>
                <p class="sentence">
                    <Prose text={sentence} />
                </p>
                {design !== null && <Sides {...answer} design={design} />}
            </section>
            {(warnings.length > 0 || answer.trend !== null) && (
                <section class="section" aria-labelledby="doubts">
                    <h2 id="doubts">Before you believe it</h2>
                    <ul class="findings">
                        {warnings.map((warning) => (
                            <li key={warning}>
                                <Prose text={warning} />
                            </li>
                        ))}
                        {answer.trend !== null && (
                            <Trend {...answer.trend} unit={ofDifference(answer.outcome.unit)} controlled={answer.controls.length > 0} />
                        )}
                    </ul>
                </section>
            )}
            {design !== null && (
                <p class="foot">
                    {answer.before_days != null && span(answer.before_days.from, answer.before_days.to)}
                    {design !== 'same_days' && answer.after_days != null && ` against ${span(answer.after_days.from, answer.after_days.to)}`},{' '}
                    {counted(answer.users, 'user')}, intervals at {percent(answer.level)}
                    {answer.p_value === null ? '' : `, p ${pValue(answer.p_value)}`}.
                </p>
            )}
        </>
    );
}

/** What was expected, in the direction that is better. */
function expected({ change, outcome }: Answer): number {
    return outcome.direction === 'lower_is_better' ? -change.expected : change.expected;
}

interface Line {
    name: string;
    before: Schemas['Estimate'];
    after: Schemas['Estimate'];
    moved: Spread;
}

function Sides({ change, design, before, after, at_all_looks, controls, outcome, effect }: Answer & { design: Schemas['EffectDesign'] }) {
    const { words, why } = DESIGNS[design];
    const alone = before.value === null || after.value === null ? null : after.value - before.value;
    const own: Line = { name: change.feature, before, after, moved: design === 'difference_in_differences' ? { value: alone } : effect };
    const lines: Line[] = [own, ...controls.map(({ feature, before, after, moved }) => ({ name: `${feature} (control)`, before, after, moved }))];
    const unit = ofDifference(outcome.unit);
    const domain = around([...lines.map(({ moved }) => moved), at_all_looks]);
    const heads = design === 'same_days' ? ['Versions before', 'With it'] : ['Before', 'After'];
    return (
        <Cards
            label="What is compared"
            caption={
                <>
                    Compared: <Explained text={why}>{words}</Explained>
                </>
            }
            heads={<Heads of={[{ hidden: 'Feature' }, ...heads, 'Moved by']} />}
        >
            {lines.map(({ name, before, after, moved }) => (
                <tr key={name}>
                    <th scope="row">{name}</th>
                    <Value label={heads[0] ?? ''} value={before} unit={outcome.unit} />
                    <Value label={heads[1] ?? ''} value={after} unit={outcome.unit} />
                    <td data-label="Moved by">
                        <DrawnDifference value={moved} unit={unit} domain={domain} />
                    </td>
                </tr>
            ))}
            <tr>
                <th scope="row">
                    <Explained text="Wide enough to be looked at each week. The verdict rests on it.">Effect, at all looks</Explained>
                </th>
                <td />
                <td />
                <td data-label="Moved by">
                    <DrawnDifference value={at_all_looks} unit={unit} domain={domain} />
                </td>
            </tr>
        </Cards>
    );
}

function Value({ label, value, unit }: { label: string; value: Schemas['Estimate']; unit: Unit }) {
    return (
        <td data-label={label}>
            <Written {...parts(value, unit)} />
            <span class="evidence">{evidence(value)}</span>
        </td>
    );
}

function Trend({ slope, p_value, weeks, differs, unit, controlled }: Schemas['EffectTrend'] & { unit: Unit; controlled: boolean }) {
    // Those that differ are among the warnings.
    if (differs || slope.value === null) return null;
    const what = controlled ? 'it did not move apart from its controls' : 'it stood still';
    return (
        <li>
            In the {counted(weeks, 'week')} before, {what}: {withInterval(slope, unit, true)} a week{p_value === null ? '' : `, p ${pValue(p_value)}`}.
        </li>
    );
}

function Delete({ id, title }: { id: string; title: string }) {
    const { attempt, problem } = useAttempt();
    const remove = () =>
        void attempt(async () => {
            await api.delete('/api/v1/changes/{change}', { path: { change: id } });
            outdate();
            go(onward('/changes'), true);
        });
    return (
        <div class="foot labelling">
            <button type="button" onClick={() => confirm(`Take “${title}” out of the log? The outputs stay.`) && remove()}>
                Delete
            </button>
            <Trouble problem={problem} />
        </div>
    );
}

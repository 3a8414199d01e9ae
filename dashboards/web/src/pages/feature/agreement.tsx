/** Whether people judge alike, whether judges judge like people, and what a judge adds to few labels of people. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { Interval } from '../../charts/intervals';
import { count, counted, withInterval } from '../../format/number';
import { Cards } from '../../parts/cards';
import { Coefficient, Estimate } from '../../parts/estimate';
import { Await, Empty } from '../../parts/states';
import { Explained } from '../../parts/term';
import { Says } from '../../parts/verdict';
import { useScope } from '../../state/scope';

type People = Schemas['PeopleAgreement'];
type Judge = Schemas['JudgeAgreement'];
type Quality = Schemas['AssistedQuality'];

const VERDICTS: Record<Schemas['AgreementVerdict'], { words: string; sign: string }> = {
    alike: { words: 'Judged alike', sign: '=' },
    somewhat_alike: { words: 'Somewhat alike', sign: '≈' },
    not_alike: { words: 'Not judged alike', sign: '≠' },
    cannot_tell_yet: { words: 'Cannot tell yet', sign: '?' },
};

const KINDS: Record<Schemas['HolderKind'], string> = {
    rater: 'raters',
    human: 'human judges',
    outcome: 'outcome',
    code: 'program',
    llm: 'model',
};

const ALPHA = 'Krippendorff’s α for ranks: 1 is perfect agreement, 0 is what chance gives. From 0.8 on one may rely on it.';
const KAPPA = 'Cohen’s κ: 1 is perfect agreement, 0 is what chance gives.';
/** Labels of people that an estimate with a judge’s help must rest on to be shown. */
const LEAST = 10;
/** Labels from which the intervals are to be relied on. */
const SURE = 30;

export function Agreement({ feature }: { feature: string }) {
    const { scope } = useScope();
    const path = { feature };
    const agreement = useData(`agreement ${feature} ${JSON.stringify(scope)}`, () =>
        api.get('/api/v1/features/{feature}/agreement', { path, query: scope }),
    );
    const quality = useData(`quality ${feature} ${JSON.stringify(scope)}`, () =>
        api.get('/api/v1/features/{feature}/quality', { path, query: scope }),
    );
    return (
        <>
            <Await of={agreement}>
                {({ data }) =>
                    data.people.length === 0 && data.judges.length === 0 ? (
                        <Empty title="Nobody has rated or judged it">
                            Send <code>rate</code> or <code>judge</code> events; with a <code>rubric</code> each quality is told apart.
                        </Empty>
                    ) : (
                        <>
                            <Among people={data.people} />
                            <Judges judges={data.judges} />
                        </>
                    )
                }
            </Await>
            <Await of={quality} lines={0}>
                {({ data }) => <Assisted data={data.filter(({ labelled, assisted }) => labelled >= LEAST && assisted.estimate.lower !== null)} />}
            </Await>
        </>
    );
}

const rubricName = (rubric: string | null) => rubric ?? 'as a whole';
const holder = ({ kind, name }: Schemas['Holder']) => name ?? KINDS[kind];

function Among({ people }: { people: People[] }) {
    const several = people.filter((one) => one.people > 1);
    const alone = people.filter((one) => one.people <= 1);
    return (
        <>
            {several.length > 0 && (
                <Cards
                    label="Agreement of people, by rubric"
                    heads={
                        <>
                            <th scope="col">Rubric</th>
                            <th scope="col">
                                <Explained text={ALPHA}>α</Explained>
                            </th>
                            <th scope="col">
                                <Explained text="Fleiss’ κ, which takes ratings as names.">κ</Explained>
                            </th>
                            <th scope="col">
                                <Explained text="The chance that two people who rate the same output say the same.">Same opinion</Explained>
                            </th>
                            <th scope="col">Opinions</th>
                        </>
                    }
                >
                    {several.map((one) => (
                        <tr key={`${one.rubric} ${one.kind}`}>
                            <th scope="row">
                                {rubricName(one.rubric)}, {KINDS[one.kind]}
                                <Says {...VERDICTS[one.verdict]} />
                            </th>
                            <td data-label="α">
                                <Coefficient value={one.alpha.ordinal} />
                            </td>
                            <td data-label="κ">
                                <Coefficient value={one.fleiss_kappa} />
                            </td>
                            <td data-label="Same opinion">
                                <Estimate value={one.agreement} />
                            </td>
                            <td data-label="Opinions">
                                {count(one.opinions)}
                                <span class="evidence">of {count(one.people)} people</span>
                            </td>
                        </tr>
                    ))}
                </Cards>
            )}
            {alone.length > 0 && (
                <p class="foot">
                    Each output has the opinion of one person only, so that nobody knows whether others would agree:{' '}
                    {alone.map((one) => `${rubricName(one.rubric)} (${KINDS[one.kind]}, ${counted(one.opinions, 'opinion')})`).join('; ')}.
                </p>
            )}
        </>
    );
}

function Judges({ judges }: { judges: Judge[] }) {
    const shown = judges.filter(({ against_people, against_behaviour }) => against_people !== null || against_behaviour !== null);
    if (shown.length === 0) return null;
    return (
        <>
            <h3>Judges</h3>
            <Cards
                label="Judges beside people and users"
                heads={
                    <>
                        <th scope="col">Judge</th>
                        <th scope="col">Calls right</th>
                        <th scope="col">
                            <Explained text={`${KAPPA} Against people’s word on the same outputs.`}>κ with people</Explained>
                        </th>
                        <th scope="col">
                            <Explained text="The share of what most people call right that the judge calls right, and of what they call wrong that it calls wrong.">
                                Finds right · wrong
                            </Explained>
                        </th>
                        <th scope="col">
                            <Explained text={`${KAPPA} Against whether users took the output.`}>κ with what users did</Explained>
                        </th>
                    </>
                }
            >
                {shown.map(({ judge, rubric, called_right, against_people, against_behaviour }) => (
                    <tr key={`${judge.kind} ${judge.name} ${rubric}`}>
                        <th scope="row">
                            {holder(judge)}
                            <span class="evidence">
                                {KINDS[judge.kind]}, {rubricName(rubric)}
                            </span>
                        </th>
                        <td data-label="Calls right">
                            <Estimate value={called_right} />
                        </td>
                        <td data-label="κ with people">
                            <Coefficient value={against_people?.kappa.nominal} />
                            {against_people !== null && <span class="evidence">{counted(against_people.outputs, 'output')}</span>}
                        </td>
                        <td data-label="Finds right · wrong">
                            {against_people === null ? (
                                <span class="none">no value</span>
                            ) : (
                                <>
                                    <Estimate value={against_people.sensitivity} bare />
                                    <br />
                                    <Estimate value={against_people.specificity} bare />
                                </>
                            )}
                        </td>
                        <td data-label="κ with what users did">
                            <Coefficient value={against_behaviour?.kappa} />
                            {against_behaviour !== null && <span class="evidence">{counted(against_behaviour.outputs, 'output')}</span>}
                        </td>
                    </tr>
                ))}
            </Cards>
        </>
    );
}

/** What the judge adds, and what one must know before believing it. */
function worth({ labelled, effective_labels, random_labels_p_value }: Quality): string {
    const told = [];
    if (effective_labels !== null)
        told.push(`With the judge, ${counted(labelled, 'label')} of people say as much as ${count(effective_labels)} would alone.`);
    if (labelled < SURE) told.push(`Fewer than ${SURE} labels are too few to be sure of the intervals.`);
    if (random_labels_p_value !== null && random_labels_p_value < 0.05) {
        told.push('People seem to have chosen what they judge: it may not hold for the others.');
    }
    return told.join(' ');
}

function Assisted({ data }: { data: Quality[] }) {
    if (data.length === 0) return null;
    return (
        <>
            <h3>Quality, with a judge’s help</h3>
            <p class="figure-caption">
                Few labels of people and many of a judge, put together so that the judge’s bias does not show: the shorter interval is what the judge
                is worth.
            </p>
            {data.map((one) => (
                <div class="quality" key={`${one.judge.name} ${one.rubric}`}>
                    <p class="sentence">
                        <strong>
                            {holder(one.judge)}, {rubricName(one.rubric)}.
                        </strong>{' '}
                        {worth(one)}
                    </p>
                    <table class="lags">
                        <tbody>
                            {(
                                [
                                    ['People and judge', one.assisted.estimate, one.labelled + one.unlabelled],
                                    ['People alone', one.people_alone, one.labelled],
                                    ['Judge alone', one.judge_alone, one.labelled + one.unlabelled],
                                ] as const
                            ).map(([title, value, n]) => (
                                <tr key={title}>
                                    <th scope="row">{title}</th>
                                    <td>
                                        <span class="number">{withInterval(value, 'share')}</span>
                                        <span class="evidence">{counted(n, 'output')}</span>
                                    </td>
                                    <td>
                                        <Interval value={value} domain={[0, 1]} label={withInterval(value, 'share')} width={110} />
                                    </td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            ))}
        </>
    );
}

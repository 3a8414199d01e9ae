/** Is one version better than another, honestly? Two sides, the verdict in words, and the evidence over time. */

import { api, type Schemas } from '../../api/client';
import { fresh, useData } from '../../api/data';
import { count, counted, pValue, withInterval } from '../../format/number';
import { span } from '../../format/time';
import { dimensionName } from '../../format/words';
import { Controls } from '../../parts/controls';
import { asNamed, Picker } from '../../parts/picker';
import { named, useDimensions, useFeatures, useValues } from '../../parts/project';
import { Prose } from '../../parts/prose';
import { Await, Empty } from '../../parts/states';
import { Title } from '../../parts/title';
import { useScope } from '../../state/scope';
import { set, usePlace } from '../../state/url';
import { type Asked, asked, otherShare, parameters } from './asked';
import { Findings } from './findings';
import { Options } from './options';
import { Sequence } from './sequence';

export function Compare() {
    return (
        <>
            <Title lead="Is one version better than another, however often one looks?">Compare</Title>
            <Controls without={['feature']} />
            <Sides />
        </>
    );
}

/** As versions are counted: `2.9` comes before `2.10`. */
const inOrder = (names: string[]) => [...names].sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));

/** The choice of the two sides; without one, the two most frequent values of the most used feature. */
function Sides() {
    const { params } = usePlace();
    const features = useFeatures();
    const feature = params.get('feature') ?? features.data?.[0];
    const dimension = params.get('by') ?? 'version';
    const known = useValues(feature === undefined ? null : dimension, feature);
    const values = named(fresh(known));
    const [earlier, later] = inOrder(values?.slice(0, 2) ?? []);
    const baseline = params.get('baseline') ?? earlier;
    const candidate = params.get('candidate') ?? [later, earlier].find((value) => value !== baseline);
    const choose = (change: Record<string, string | undefined>) => set({ feature, baseline, candidate, ...change });
    const names = useDimensions();
    const options = asked(params);
    return (
        <>
            <div class="controls" role="group" aria-label="The two sides">
                <Picker
                    label="Feature"
                    value={feature ?? ''}
                    options={asNamed(features.data, feature)}
                    onPick={(feature) => set({ feature, baseline: null, candidate: null, share: null })}
                />
                <Picker
                    label="By"
                    value={dimension}
                    options={names.map((name) => [name, dimensionName(name)])}
                    onPick={(by) => set({ by: by === 'version' ? null : by, baseline: null, candidate: null, share: null })}
                />
                <Picker label="Baseline" value={baseline ?? ''} options={asNamed(values, baseline)} onPick={(baseline) => choose({ baseline })} />
                <Picker label="Candidate" value={candidate ?? ''} options={asNamed(values, candidate)} onPick={(candidate) => choose({ candidate })} />
                <button
                    type="button"
                    disabled={baseline === undefined || candidate === undefined}
                    onClick={() => choose({ baseline: candidate, candidate: baseline, share: otherShare(options.share) })}
                >
                    Swap
                </button>
            </div>
            <Options {...options} />
            {feature !== undefined && baseline !== undefined && candidate !== undefined && baseline !== candidate ? (
                <Answer feature={feature} dimension={dimension} baseline={baseline} candidate={candidate} options={options} />
            ) : (
                <Await of={feature === undefined ? features : { ...known, data: values }} lines={14}>
                    {() => (
                        <Empty title="There is nothing to compare">
                            {feature === undefined
                                ? 'Nothing was shown in this time range. Choose a longer time.'
                                : (values?.length ?? 0) < 2
                                  ? `In this time range ${feature} has ${values?.length === 1 ? 'only one' : 'no'} ${dimensionName(dimension).toLowerCase()}. Choose a longer time, or another dimension.`
                                  : 'Both sides are the same. Choose two.'}
                        </Empty>
                    )}
                </Await>
            )}
        </>
    );
}

interface Props {
    feature: string;
    dimension: string;
    baseline: string;
    candidate: string;
    options: Asked;
}

function Answer({ feature, dimension, baseline, candidate, options }: Props) {
    const { scope } = useScope();
    const query = { ...scope, feature, baseline: `${dimension}=${baseline}`, candidate: `${dimension}=${candidate}`, ...parameters(options) };
    const found = useData(`compare ${JSON.stringify(query)}`, () => api.get('/api/v1/compare', { query }));
    return (
        <Await of={found} lines={14}>
            {(answer) => (
                <>
                    <Mismatch {...answer.sample_ratio} planned={options.share} />
                    {answer.sample_ratio.places?.mismatch === true && (
                        <p class="sentence">
                            <Prose text={answer.sample_ratio.places.sentence} />
                        </p>
                    )}
                    <Findings data={answer.data} baseline={baseline} candidate={candidate} margin={options.margin / 100} />
                    <Sequence {...answer} />
                    <p class="foot">
                        {span(answer.meta.from, answer.meta.to)}, UTC days. {users(answer.sample_ratio)}
                        {options.before !== undefined &&
                            answer.data.every(({ variance_explained }) => variance_explained === null) &&
                            ' Of the days before nothing is known that takes off noise.'}
                    </p>
                </>
            )}
        </Await>
    );
}

type Ratio = Schemas['SampleRatio'];

function Mismatch({ mismatch, baseline_users, candidate_users, p_value, planned }: Ratio & { planned: number | undefined }) {
    if (!mismatch) return null;
    const share = (value: number) => withInterval({ value }, 'share');
    const found =
        planned === undefined || p_value === null || baseline_users === null || candidate_users === null
            ? ''
            : `: ${share(planned / 100)} were to see the candidate, ${share(candidate_users / (baseline_users + candidate_users))} did (p ${pValue(p_value)})`;
    return (
        <p class="notice" role="alert">
            The sides do not have the shares of users that were planned{found}. Something else than chance decides who is counted. Believe no
            difference before it is found.
        </p>
    );
}

function users({ baseline_users, candidate_users, users_on_both, mismatch, p_value }: Ratio): string {
    if (baseline_users === null || candidate_users === null) return '';
    const both = users_on_both === null || users_on_both === 0 ? '' : `; ${count(users_on_both)} ${users_on_both === 1 ? 'is' : 'are'} on both sides`;
    const planned = p_value === null || mismatch ? '' : ` These may be the shares that were planned (p ${pValue(p_value)}).`;
    return `${counted(baseline_users, 'user')} saw the baseline, ${count(candidate_users)} the candidate${both}.${planned}`;
}

/** Is one version better than another, honestly? Two sides, the verdict in words, and the evidence over time. */

import { api, type Schemas } from '../../api/client';
import { fresh, useData } from '../../api/data';
import { count, counted } from '../../format/number';
import { span } from '../../format/time';
import { dimensionName } from '../../format/words';
import { Controls } from '../../parts/controls';
import { asNamed, Picker } from '../../parts/picker';
import { named, useDimensions, useFeatures, useValues } from '../../parts/project';
import { Await, Empty } from '../../parts/states';
import { Title } from '../../parts/title';
import { useScope } from '../../state/scope';
import { set, usePlace } from '../../state/url';
import { Findings } from './findings';
import { Sequence } from './sequence';

/** The least difference worth having, of shares: one point. */
const MARGIN = 0.01;

export function Compare() {
    return (
        <>
            <Title lead="Is one version better than another, however often one looks?">Compare</Title>
            <Controls without={['feature']} />
            <Sides />
        </>
    );
}

/** The choice of the two sides; without one, the two most frequent values of the most used feature. */
function Sides() {
    const { params } = usePlace();
    const features = useFeatures();
    const feature = params.get('feature') ?? features.data?.[0];
    const dimension = params.get('by') ?? 'version';
    const known = useValues(feature === undefined ? null : dimension, feature);
    const values = named(fresh(known));
    const baseline = params.get('baseline') ?? values?.[1];
    const candidate = params.get('candidate') ?? values?.find((value) => value !== baseline);
    const choose = (change: Record<string, string | undefined>) => set({ feature, baseline, candidate, ...change });
    const names = useDimensions();
    return (
        <>
            <div class="controls" role="group" aria-label="The two sides">
                <Picker
                    label="Feature"
                    value={feature ?? ''}
                    options={asNamed(features.data, feature)}
                    onPick={(feature) => set({ feature, baseline: null, candidate: null })}
                />
                <Picker
                    label="By"
                    value={dimension}
                    options={names.map((name) => [name, dimensionName(name)])}
                    onPick={(by) => set({ by: by === 'version' ? null : by, baseline: null, candidate: null })}
                />
                <Picker label="Baseline" value={baseline ?? ''} options={asNamed(values, baseline)} onPick={(baseline) => choose({ baseline })} />
                <Picker label="Candidate" value={candidate ?? ''} options={asNamed(values, candidate)} onPick={(candidate) => choose({ candidate })} />
                <button
                    type="button"
                    disabled={baseline === undefined || candidate === undefined}
                    onClick={() => choose({ baseline: candidate, candidate: baseline })}
                >
                    Swap
                </button>
            </div>
            {feature !== undefined && baseline !== undefined && candidate !== undefined && baseline !== candidate ? (
                <Answer feature={feature} dimension={dimension} baseline={baseline} candidate={candidate} />
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

interface Asked {
    feature: string;
    dimension: string;
    baseline: string;
    candidate: string;
}

function Answer({ feature, dimension, baseline, candidate }: Asked) {
    const { scope } = useScope();
    const query = { ...scope, feature, baseline: `${dimension}=${baseline}`, candidate: `${dimension}=${candidate}`, margin: MARGIN };
    const found = useData(`compare ${JSON.stringify(query)}`, () => api.get('/api/v1/compare', { query }));
    return (
        <Await of={found} lines={14}>
            {(answer) => (
                <>
                    <Mismatch {...answer.sample_ratio} />
                    <Findings data={answer.data} baseline={baseline} candidate={candidate} margin={MARGIN} />
                    <Sequence {...answer} />
                    <p class="foot">
                        {span(answer.meta.from, answer.meta.to)}, UTC days. {users(answer.sample_ratio)}
                    </p>
                </>
            )}
        </Await>
    );
}

function Mismatch({ mismatch }: Schemas['SampleRatio']) {
    if (!mismatch) return null;
    return (
        <p class="notice" role="alert">
            The sides do not have the shares of users that were planned: something else than chance decides who is counted. Believe no difference
            before it is found.
        </p>
    );
}

function users({ baseline_users, candidate_users, users_on_both }: Schemas['SampleRatio']): string {
    if (baseline_users === null || candidate_users === null) return '';
    const both = users_on_both === null || users_on_both === 0 ? '' : `; ${count(users_on_both)} are on both sides`;
    return `${counted(baseline_users, 'user')} saw the baseline, ${count(candidate_users)} the candidate${both}.`;
}

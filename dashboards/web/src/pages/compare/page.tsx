/** Is one version better than another, honestly? Two sides, the verdict in words, and the evidence over time. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { count } from '../../format/number';
import { dimensionName } from '../../format/words';
import { span } from '../../format/time';
import { Controls, useValues } from '../../parts/controls';
import { Await, Empty } from '../../parts/states';
import { Title } from '../../parts/title';
import { useScope } from '../../state/scope';
import { set, usePlace } from '../../state/url';
import { Findings } from './findings';
import { Sequence } from './sequence';

/** The least difference worth having, of shares: one point. */
const MARGIN = 0.01;

const DIMENSIONS = ['version', 'model', 'prompt_version', 'variant', 'environment'];

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
    const features = useValues('feature');
    const feature = params.get('feature') ?? features?.[0]?.value ?? undefined;
    const project = useData('projects', () => api.get('/api/v1/projects'));
    const dimension = params.get('by') ?? 'version';
    const found = useValues(dimension, feature);
    const values = found?.flatMap(({ value }) => (value === null ? [] : [value]));
    const baseline = params.get('baseline') ?? values?.[1];
    const candidate = params.get('candidate') ?? values?.find((value) => value !== baseline);
    const names = [...DIMENSIONS, ...(project.data?.data[0]?.dimensions ?? [])];
    const side = (name: 'baseline' | 'candidate', chosen: string | undefined) => (
        <label>
            <span class="label">{name === 'baseline' ? 'Baseline' : 'Candidate'}</span>
            <select
                value={chosen ?? ''}
                onChange={(event) =>
                    set({ feature: feature ?? null, baseline: baseline ?? null, candidate: candidate ?? null, [name]: event.currentTarget.value })
                }
            >
                {chosen !== undefined && values?.includes(chosen) === false && <option value={chosen}>{chosen}</option>}
                {values?.map((value) => (
                    <option key={value} value={value}>
                        {value}
                    </option>
                ))}
            </select>
        </label>
    );
    return (
        <>
            <div class="controls" role="group" aria-label="The two sides">
                <label>
                    <span class="label">Feature</span>
                    <select value={feature ?? ''} onChange={(event) => set({ feature: event.currentTarget.value, baseline: null, candidate: null })}>
                        {features?.map(({ value }) => (
                            <option key={value} value={value ?? ''}>
                                {value}
                            </option>
                        ))}
                    </select>
                </label>
                <label>
                    <span class="label">By</span>
                    <select
                        value={dimension}
                        onChange={(event) =>
                            set({ by: event.currentTarget.value === 'version' ? null : event.currentTarget.value, baseline: null, candidate: null })
                        }
                    >
                        {names.map((name) => (
                            <option key={name} value={name}>
                                {dimensionName(name)}
                            </option>
                        ))}
                    </select>
                </label>
                {side('baseline', baseline)}
                {side('candidate', candidate)}
                <button
                    type="button"
                    disabled={baseline === undefined || candidate === undefined}
                    onClick={() => set({ feature: feature ?? null, baseline: candidate ?? null, candidate: baseline ?? null })}
                >
                    Swap
                </button>
            </div>
            {feature !== undefined && baseline !== undefined && candidate !== undefined && baseline !== candidate ? (
                <Answer feature={feature} dimension={dimension} baseline={baseline} candidate={candidate} />
            ) : (
                values !== undefined && (
                    <Empty title="There is nothing to compare">
                        {values.length < 2
                            ? `In this time range ${feature ?? 'the project'} has ${values.length === 0 ? 'no' : 'only one'} ${dimensionName(dimension).toLowerCase()}. Choose a longer time, or another dimension.`
                            : 'Both sides are the same. Choose two.'}
                    </Empty>
                )
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
    return `${count(baseline_users)} users saw the baseline, ${count(candidate_users)} the candidate${both}.`;
}

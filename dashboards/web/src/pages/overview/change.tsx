/** What changed in a feature between two periods, and which segment did most of it. */

import { api, type Schemas } from '../../api/client';
import { fresh, type Loaded, useData } from '../../api/data';
import { isClear } from '../../format/number';
import { segment } from '../../format/words';
import { Difference } from '../../parts/estimate';
import { Explained, Term } from '../../parts/term';
import { useScope } from '../../state/scope';
import { periodName } from '../../state/range';
import { toFeature } from '../../state/url';
import { CRITICAL, SURE } from './correctness';

type Explanation = Schemas['ExplainResponse'];

/** Why a metric of a feature moved. Asked for once, whoever shows it. */
export function useExplanation(feature: string, metric = 'acceptance_rate', wanted = true): Loaded<Explanation> {
    const { change } = useScope();
    const key = wanted ? `explain ${feature} ${metric} ${JSON.stringify(change)}` : null;
    const load = () => api.get('/api/v1/features/{feature}/explain', { path: { feature }, query: { ...change, metric } });
    return useData(key, load, 'analyses');
}

/** Whether a segment moved more than its size explains, beyond what the best of many would by chance. */
export function standsOut({ excess: { value, lower, upper } }: Schemas['Segment']): boolean {
    if (value === null || lower === null || upper === null || upper <= lower) return false;
    return Math.abs(value) / ((upper - lower) / (2 * CRITICAL)) >= SURE;
}

/** The segment that moved most, if one surely stands out. */
export function culprit({ leading }: Explanation): Schemas['Segment'] | undefined {
    return leading.find((found) => found.value !== null && standsOut(found));
}

interface Props {
    feature: string;
    wanted: boolean;
    /** How far correctness moved, where it surely did. */
    correctness: Schemas['Between'] | undefined;
}

export function Change({ correctness, ...asked }: Props) {
    return (
        <span class="estimate">
            <Acceptance {...asked} />
            {correctness !== undefined && (
                <span class="evidence">
                    <Term metric="correctness_rate" /> <Difference metric="correctness_rate" value={correctness} />
                </span>
            )}
        </span>
    );
}

function Acceptance({ feature, wanted }: Omit<Props, 'correctness'>) {
    const { params } = useScope();
    const found = useExplanation(feature, 'acceptance_rate', wanted);
    if (!wanted) return <a href={`${toFeature(feature)}#moved`}>look</a>;
    const data = fresh(found);
    if (data === undefined) return <span class="none">{found.problem === undefined ? '…' : 'not available'}</span>;
    if (data.change.value === null) return <span class="none">nothing to compare with</span>;
    const leading = culprit(data);
    return (
        <>
            <span class={isClear(data.change) ? 'number strong' : 'number'}>
                <Difference metric="acceptance_rate" value={data.change} />
            </span>
            <span class="evidence">
                {leading !== undefined ? (
                    <>
                        {isClear(data.change) ? 'mostly' : 'except in'} {segment(leading.dimension, leading.value)}
                    </>
                ) : (
                    <Explained text={`Acceptance, ${periodName(params)} against the time before.`}>
                        {isClear(data.change) ? 'spread evenly' : 'within noise'}
                    </Explained>
                )}
            </span>
        </>
    );
}

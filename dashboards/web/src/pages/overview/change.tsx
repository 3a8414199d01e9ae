/** What changed in each feature between two periods, and which segment did most of it. */

import { api, type Schemas } from '../../api/client';
import { fresh, type Loaded, useData } from '../../api/data';
import { isClear } from '../../format/number';
import { segment } from '../../format/words';
import { Difference } from '../../parts/estimate';
import { Explained, Term } from '../../parts/term';
import { useScope } from '../../state/scope';
import { periodName } from '../../state/range';
import { toFeature } from '../../state/url';
import { culprit, MOST, of } from './explained';

export type Explanations = Loaded<Schemas['ExplanationsResponse']>;

/** Why acceptance of the features moved: of those that are used most, in one request. */
export function useExplanations(): Explanations {
    const { change } = useScope();
    const query = { ...change, limit: MOST };
    return useData(`explanations ${JSON.stringify(query)}`, () => api.get('/api/v1/explain', { query }), 'analyses');
}

/** Where a feature's own page says what moved. */
export const toMoved = (feature: string) => `${toFeature(feature)}#moved`;

interface Props {
    feature: string;
    explained: Explanations;
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

function Acceptance({ feature, explained }: Omit<Props, 'correctness'>) {
    const { params } = useScope();
    const answer = fresh(explained);
    if (answer === undefined) return <span class="none">{explained.problem === undefined ? '…' : 'not available'}</span>;
    const data = of(answer, feature);
    if (data === 'elsewhere') return <a href={toMoved(feature)}>look</a>;
    if (data === 'nothing' || data.change.value === null) return <span class="none">nothing to compare with</span>;
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

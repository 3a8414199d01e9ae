/** Which segments moved a metric between two periods. */

import { api, type Schemas } from '../../api/client';
import { fresh, type Loaded, useData } from '../../api/data';
import { around } from '../../charts/intervals';
import { isClear, ofDifference, percent, withInterval } from '../../format/number';
import { span } from '../../format/time';
import { dimensionName, segment } from '../../format/words';
import { Cards } from '../../parts/cards';
import { useUnit } from '../../parts/catalogue';
import { Difference, DrawnDifference, Estimate } from '../../parts/estimate';
import { MetricPicker } from '../../parts/picker';
import { Await, Empty } from '../../parts/states';
import { Explained, Term } from '../../parts/term';
import { write } from '../../state/filter';
import { dayOf } from '../../state/range';
import { useScope } from '../../state/scope';
import { onward, set } from '../../state/url';
import { standsOut } from '../overview/explained';

const METRICS = ['acceptance_rate', 'correctness_rate', 'undo_rate', 'edit_distance', 'response_rate'];
const OTHER = 'correctness_rate';
const MOST = 8;

/** Why a metric of a feature moved. */
function useExplanation(feature: string, metric: string): Loaded<Schemas['ExplainResponse']> {
    const { change } = useScope();
    const load = () => api.get('/api/v1/features/{feature}/explain', { path: { feature }, query: { ...change, metric } });
    return useData(`explain ${feature} ${metric} ${JSON.stringify(change)}`, load, 'analyses');
}

export function Moved({ feature }: { feature: string }) {
    const { params } = useScope();
    const asked = params.get('explain');
    const metric = asked !== null && METRICS.includes(asked) ? asked : 'acceptance_rate';
    const explanation = useExplanation(feature, metric);
    return (
        <>
            <div class="controls" role="group" aria-label="What moved">
                <MetricPicker of={METRICS} value={metric} onPick={(id) => set({ explain: id === METRICS[0] ? null : id }, true)} />
            </div>
            <Await of={explanation}>{(found) => <Found {...found} />}</Await>
            {metric !== OTHER && <Other feature={feature} />}
        </>
    );
}

/** Correctness, where it surely moved and something else is looked at. */
function Other({ feature }: { feature: string }) {
    const change = fresh(useExplanation(feature, OTHER))?.change;
    if (change === undefined || !isClear(change)) return null;
    return (
        <p class="sentence">
            <Term metric={OTHER} /> surely moved: <Difference metric={OTHER} value={change} />.{' '}
            <button type="button" class="plain" onClick={() => set({ explain: OTHER }, true)}>
                Look
            </button>
        </p>
    );
}

function Found(found: Schemas['ExplainResponse']) {
    const { metric, before, after, change, leading, meta } = found;
    const unit = useUnit(metric);
    if (change.value === null) {
        return <Empty title="Nothing to compare">One of the two periods has no value for this metric.</Empty>;
    }
    const shown = leading.slice(0, MOST);
    const domain = around(shown.map((one) => one.contribution));
    const paradox = found.dimensions.find((dimension) => dimension.simpson);
    return (
        <>
            <p class="sentence">
                <Term metric={metric} /> went from {withInterval(before, unit)} to {withInterval(after, unit)}: <Difference metric={metric} value={change} />
                {isClear(change) ? '.' : ', which may be chance.'}
                {paradox !== undefined &&
                    ` By ${dimensionName(paradox.dimension).toLowerCase()}, every segment moved the other way: believe the segments.`}
            </p>
            {shown.length === 0 ? (
                <Empty title="No segment stands out" />
            ) : (
                <Cards
                    label="Segments, before and after"
                    heads={
                        <>
                            <th scope="col">Segment</th>
                            <th scope="col">Before</th>
                            <th scope="col">After</th>
                            <th scope="col">
                                <Explained text="How much of the whole change this segment makes, by changing itself and by growing or shrinking.">
                                    Adds to the change
                                </Explained>
                            </th>
                            <th scope="col">Share of outputs</th>
                        </>
                    }
                >
                    {shown.map((one) => (
                        <tr key={`${one.dimension} ${one.value}`}>
                            <th scope="row">
                                <a href={examples(found, one)}>{segment(one.dimension, one.value)}</a>
                                {standsOut(one) && <span class="evidence">stands out</span>}
                            </th>
                            <td data-label="Before">
                                <Estimate metric={metric} value={one.before} />
                            </td>
                            <td data-label="After">
                                <Estimate metric={metric} value={one.after} />
                            </td>
                            <td data-label="Adds to the change">
                                <DrawnDifference value={one.contribution} unit={ofDifference(unit)} domain={domain} />
                            </td>
                            <td data-label="Share of outputs">
                                {percent(one.share_before)} → {percent(one.share_after)}
                            </td>
                        </tr>
                    ))}
                </Cards>
            )}
            <p class="foot">
                {span(meta.from, meta.to)} against {span(meta.before_from, meta.before_to)}.
            </p>
        </>
    );
}

function examples({ feature, meta }: Schemas['ExplainResponse'], { dimension, value }: Schemas['Segment']): string {
    return onward('/examples', {
        feature,
        filter: write({ dimension, value }),
        from: dayOf(Date.parse(meta.from)),
        to: dayOf(Date.parse(meta.to) - 1),
        range: null,
    });
}

/** Which segments stand out, judged by no more than is known of each. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { around, Interval } from '../../charts/intervals';
import { count, counted, parts, percent, pValue, type Spread, type Unit, withInterval } from '../../format/number';
import { dimensionName, segment } from '../../format/words';
import { Cards } from '../../parts/cards';
import { useMetric } from '../../parts/catalogue';
import { Difference, Estimate } from '../../parts/estimate';
import { Await, Empty } from '../../parts/states';
import { Explained, Term } from '../../parts/term';
import { write } from '../../state/filter';
import { useScope } from '../../state/scope';
import { onward, set } from '../../state/url';

type Answer = Schemas['SegmentsResponse'];
type Ranked = Schemas['RankedSegment'];

const METRICS = [
    'acceptance_rate',
    'correctness_rate',
    'judgement_coverage',
    'response_rate',
    'undo_rate',
    'edit_distance',
    'over_reliance',
    'under_reliance',
];
const DIMENSIONS = ['version', 'model', 'prompt_version', 'variant', 'environment'];
/** Segments that are shown before one asks for more. */
const MOST = 10;

const STANDINGS: Record<Schemas['Standing'], { words: string; sign?: string }> = {
    higher: { words: 'Higher than the rest', sign: '↑' },
    lower: { words: 'Lower than the rest', sign: '↓' },
    alike: { words: 'Like the rest' },
    cannot_tell_yet: { words: 'Cannot tell yet' },
};

export function Segments({ feature }: { feature: string }) {
    const { scope, params } = useScope();
    const project = useData('projects', () => api.get('/api/v1/projects'));
    const declared = project.data?.data[0]?.dimensions ?? [];
    const dimension = params.get('segment') ?? (project.data === undefined ? undefined : (declared[0] ?? 'version'));
    const asked = params.get('segment_metric');
    const metric = asked !== null && METRICS.includes(asked) ? asked : 'acceptance_rate';
    const dimensions = [...declared, ...DIMENSIONS];
    if (dimension !== undefined && !dimensions.includes(dimension)) dimensions.push(dimension);
    const query = { ...scope, dimension: dimension ?? '', metric };
    const load = () => api.get('/api/v1/features/{feature}/segments', { path: { feature }, query });
    const found = useData(dimension === undefined ? null : `segments ${feature} ${JSON.stringify(query)}`, load);
    return (
        <>
            <div class="controls" role="group" aria-label="Which segments">
                <label>
                    <span class="label">By</span>
                    <select value={dimension ?? ''} onChange={(event) => set({ segment: event.currentTarget.value }, true)}>
                        {dimensions.map((name) => (
                            <option key={name} value={name}>
                                {dimensionName(name)}
                            </option>
                        ))}
                    </select>
                </label>
                <label>
                    <span class="label">Metric</span>
                    <select
                        value={metric}
                        onChange={(event) =>
                            set({ segment_metric: event.currentTarget.value === METRICS[0] ? null : event.currentTarget.value }, true)
                        }
                    >
                        {METRICS.map((id) => (
                            <MetricOption key={id} id={id} />
                        ))}
                    </select>
                </label>
            </div>
            <Await of={found}>{(answer) => <Found {...answer} key={`${answer.dimension} ${answer.metric}`} />}</Await>
        </>
    );
}

function MetricOption({ id }: { id: string }) {
    return <option value={id}>{useMetric(id)?.title ?? id}</option>;
}

function Found({ feature, dimension, metric, data, whole, largest_gap }: Answer) {
    const [all, setAll] = useState(false);
    const definition = useMetric(metric);
    const unit: Unit = definition?.unit ?? 'share';
    const difference: Unit = unit === 'share' ? 'share_difference' : unit;
    if (whole.value === null || data.length === 0) {
        return <Empty title="Nothing to compare">Nothing in this range has a value for this metric.</Empty>;
    }
    if (data.length === 1) {
        return (
            <Empty title="There is only one segment">All outputs are {segment(dimension, data[0]?.value ?? null)}. Choose another dimension.</Empty>
        );
    }
    const shown = all ? data : data.slice(0, MOST);
    const domain = around(shown.map(({ gap }) => gap));
    const isShrunk = data.some(({ shrunk }) => shrunk !== null);
    const clear = data.filter(({ standing }) => standing === 'higher' || standing === 'lower').length;
    return (
        <>
            <p class="sentence">
                <Term metric={metric} /> is {withInterval(whole, unit)} over all {counted(data.length, 'segment')};{' '}
                {clear === 0 ? 'none stands out beyond chance.' : `${count(clear)} ${clear === 1 ? 'stands' : 'stand'} out beyond chance.`}
                {largest_gap?.shrunk != null &&
                    ` The farthest apart, ${largest_gap.highest ?? 'none'} and ${largest_gap.lowest ?? 'none'}, differ by about ${withInterval({ value: Math.abs(largest_gap.shrunk) }, difference, false)}.`}
            </p>
            <Cards
                label="Segments, ranked"
                heads={
                    <>
                        <th scope="col">Segment</th>
                        {isShrunk && (
                            <th scope="col">
                                <Explained text="Pulled towards what all have in common by how little is known of the segment: small ones do not lead by chance.">
                                    Best estimate
                                </Explained>
                            </th>
                        )}
                        <th scope="col">As counted</th>
                        <th scope="col">
                            <Explained text="The segment minus all others.">Gap to the rest</Explained>
                        </th>
                        <th scope="col">Share</th>
                    </>
                }
            >
                {shown.map((one) => (
                    <tr key={one.value}>
                        <th scope="row">
                            <a href={onward('/examples', { feature, filter: write({ dimension, value: one.value }) })}>
                                {one.value ?? segment(dimension, null)}
                            </a>
                            <Standing {...one} />
                        </th>
                        {isShrunk && (
                            <td data-label="Best estimate">
                                {one.shrunk === null ? (
                                    <span class="none">–</span>
                                ) : (
                                    <Shrunk value={one.shrunk} weight={one.shrunk.own_weight} unit={unit} />
                                )}
                            </td>
                        )}
                        <td data-label="As counted">
                            <Estimate metric={metric} value={one.estimate} />
                        </td>
                        <td data-label="Gap to the rest">
                            {one.gap.value === null ? (
                                <span class="none">–</span>
                            ) : (
                                <>
                                    <Difference metric={metric} value={one.gap} />
                                    <Interval value={one.gap} domain={domain} label={withInterval(one.gap, difference, true)} width={150} />
                                </>
                            )}
                        </td>
                        <td data-label="Share">{percent(one.share)}</td>
                    </tr>
                ))}
            </Cards>
            {data.length > MOST && (
                <p class="foot">
                    <button type="button" onClick={() => setAll(!all)}>
                        {all ? 'Fewer' : `All ${counted(data.length, 'segment')}`}
                    </button>
                </p>
            )}
        </>
    );
}

function Standing({ standing, adjusted_p_value }: Ranked) {
    const { words, sign } = STANDINGS[standing];
    const p = adjusted_p_value === null ? '' : `adjusted p ${pValue(adjusted_p_value)}`;
    if (standing === 'alike' || standing === 'cannot_tell_yet') {
        return <span class="evidence">{p === '' ? words : `${words} · ${p}`}</span>;
    }
    return (
        <>
            <span class="says">
                <span aria-hidden="true">{sign}</span> {words}
            </span>
            <span class="evidence">{p}</span>
        </>
    );
}

function Shrunk({ value, weight, unit }: { value: Spread; weight: number; unit: Unit }) {
    const shown = parts(value, unit);
    return (
        <span class="estimate">
            <span class="number strong">
                {shown.value} <span class="interval">{shown.interval}</span>
            </span>
            <span class="evidence">{percent(weight)} its own</span>
        </span>
    );
}

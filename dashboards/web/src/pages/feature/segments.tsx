/** Which segments stand out, judged by no more than is known of each. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { around } from '../../charts/intervals';
import { count, counted, ofDifference, parts, percent, pValue, type Spread, type Unit, withInterval } from '../../format/number';
import { dimensionName, segment } from '../../format/words';
import { Cards } from '../../parts/cards';
import { useUnit } from '../../parts/catalogue';
import { DrawnDifference, Estimate, Written } from '../../parts/estimate';
import { MetricPicker, Picker } from '../../parts/picker';
import { useDimensions, useProjects } from '../../parts/project';
import { Await, Empty } from '../../parts/states';
import { Explained, Term } from '../../parts/term';
import { Says } from '../../parts/verdict';
import { write } from '../../state/filter';
import { useScope } from '../../state/scope';
import { onward, set, usePlace } from '../../state/url';

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
    const projects = useProjects();
    const own = projects.data?.data[0]?.dimensions[0] ?? 'version';
    const isWaiting = projects.data === undefined && projects.problem === undefined;
    const dimension = params.get('segment') ?? (isWaiting ? undefined : own);
    const dimensions = useDimensions();
    const asked = params.get('segment_metric');
    const metric = asked !== null && METRICS.includes(asked) ? asked : 'acceptance_rate';
    const all = dimension === undefined || dimensions.includes(dimension) ? dimensions : [...dimensions, dimension];
    const query = { ...scope, dimension: dimension ?? '', metric };
    const load = () => api.get('/api/v1/features/{feature}/segments', { path: { feature }, query });
    const found = useData(dimension === undefined ? null : `segments ${feature} ${JSON.stringify(query)}`, load);
    return (
        <>
            <div class="controls" role="group" aria-label="Which segments">
                <Picker
                    label="By"
                    value={dimension ?? ''}
                    options={all.map((name) => [name, dimensionName(name)])}
                    onPick={(segment) => set({ segment, segments: null }, true)}
                />
                <MetricPicker of={METRICS} value={metric} onPick={(id) => set({ segment_metric: id === METRICS[0] ? null : id }, true)} />
            </div>
            <Await of={found}>{(answer) => <Found {...answer} key={`${answer.dimension} ${answer.metric}`} />}</Await>
        </>
    );
}

function Found({ feature, dimension, metric, data, whole, largest_gap }: Answer) {
    const all = usePlace().params.get('segments') === 'all';
    const unit = useUnit(metric);
    const difference = ofDifference(unit);
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
                            <DrawnDifference value={one.gap} unit={difference} domain={domain} />
                        </td>
                        <td data-label="Share">{percent(one.share)}</td>
                    </tr>
                ))}
            </Cards>
            {data.length > MOST && (
                <p class="foot">
                    <button type="button" onClick={() => set({ segments: all ? null : 'all' }, true)}>
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
    if (sign === undefined) return <span class="evidence">{p === '' ? words : `${words} · ${p}`}</span>;
    return (
        <>
            <Says sign={sign} words={words} />
            <span class="evidence">{p}</span>
        </>
    );
}

function Shrunk({ value, weight, unit }: { value: Spread; weight: number; unit: Unit }) {
    return (
        <span class="estimate">
            <Written {...parts(value, unit)} strong />
            <span class="evidence">{percent(weight)} its own</span>
        </span>
    );
}

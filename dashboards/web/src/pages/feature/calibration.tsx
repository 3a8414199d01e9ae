/** Does confidence mean what it says? The curve, and the errors it comes to. */

import { api, type Estimate as Value, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { type Bin, Reliability } from '../../charts/reliability';
import { count, percent, withInterval } from '../../format/number';
import { Estimate } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Picker } from '../../parts/picker';
import { Await, Empty } from '../../parts/states';
import { Term } from '../../parts/term';
import { useScope } from '../../state/scope';
import { onward, set } from '../../state/url';
import { Recalibration } from './recalibration';

/** The errors that are told first; the others are there for who asks. */
const FIRST = ['ece_10', 'calibration_gap', 'brier', 'auroc', 'calibration_slope'];

type Target = Schemas['CalibrationTarget'];

const OUTCOMES: Record<Target, string> = { correctness: 'share that was right', acceptance: 'share that users took' };

export function Calibration({ feature }: { feature: string }) {
    const { scope, params } = useScope();
    const target: Target = params.get('target') === 'acceptance' ? 'acceptance' : 'correctness';
    const isByMass = params.get('bands') === 'mass';
    const query = { ...scope, target };
    const found = useData(`calibration ${feature} ${JSON.stringify(query)}`, () =>
        api.get('/api/v1/features/{feature}/calibration', { path: { feature }, query }),
    );
    return (
        <>
            <div class="controls" role="group" aria-label="Compare confidence with">
                <Picker
                    label="Compared with"
                    value={target}
                    options={[
                        ['correctness', 'whether it was right'],
                        ['acceptance', 'whether users took it'],
                    ]}
                    onPick={(target) => set({ target: target === 'correctness' ? null : target }, true)}
                />
                <Picker
                    label="Bands"
                    value={isByMass ? 'mass' : 'width'}
                    options={[
                        ['width', 'equally wide'],
                        ['mass', 'with as many outputs each'],
                    ]}
                    onPick={(bands) => set({ bands: bands === 'width' ? null : bands }, true)}
                />
            </div>
            <Await of={found} lines={12}>
                {({ data }) => (
                    <>
                        <Curve slice={data[0]} target={target} feature={feature} isByMass={isByMass} />
                        {isKnown(data[0]) && <Recalibration feature={feature} target={target} />}
                    </>
                )}
            </Await>
        </>
    );
}

type Slice = Schemas['CalibrationSlice'] | undefined;

function isKnown(slice: Slice): slice is Schemas['CalibrationSlice'] {
    return slice !== undefined && slice.bins.some((bin) => bin.n > 0);
}

/** The examples of a band; both ends are part of it. */
function examples(feature: string, { from, to }: { from: number; to: number }): string {
    return onward('/examples', { feature, confidence_from: String(from), confidence_to: String(to) });
}

function ofWidth(slice: Schemas['CalibrationSlice'], feature: string): Bin[] {
    return slice.bins.map((bin) => ({
        ...bin,
        name: `${percent(bin.from)} to ${percent(bin.to)}`,
        confidence: bin.mean_confidence,
        href: examples(feature, bin),
    }));
}

/** Bands with as many outputs each. They are told by their means, and drawn half way to the next: where many are alike, two bands share an end. */
export function ofMass(bins: Schemas['EqualMassBin'][], href: (bin: Schemas['EqualMassBin']) => string): Bin[] {
    const between = (one: number | undefined, other: number | undefined, end: number) =>
        one === undefined || other === undefined ? end : (one + other) / 2;
    return bins.map((bin, at) => ({
        name: `about ${percent(bin.mean_confidence)}`,
        from: between(bins[at - 1]?.mean_confidence, bin.mean_confidence, 0),
        to: between(bin.mean_confidence, bins[at + 1]?.mean_confidence, 1),
        n: bin.n,
        confidence: bin.mean_confidence,
        outcome: { value: bin.mean_outcome },
        consistent: bin.consistent,
        href: href(bin),
    }));
}

interface Shown {
    slice: Slice;
    target: Target;
    feature: string;
    isByMass: boolean;
}

function Curve({ slice, target, feature, isByMass }: Shown) {
    if (!isKnown(slice)) {
        return (
            <Empty title={target === 'correctness' ? 'No judged output carries a confidence' : 'No decided output carries a confidence'}>
                Send the model's own probability as <code>confidence</code> with <code>shown</code>
                {target === 'correctness' && (
                    <>
                        , and judgements with <code>judge</code>
                    </>
                )}
                .
            </Empty>
        );
    }
    const bins = isByMass ? ofMass(slice.equal_mass_bins, (bin) => examples(feature, bin)) : ofWidth(slice, feature);
    const metrics = Object.entries(slice.metrics);
    const first = new Set(FIRST.map((metric) => `${metric}_${target}`));
    return (
        <div class="split">
            <Figure
                title={`Confidence against the ${OUTCOMES[target]}`}
                caption={`On the diagonal confidence is right. Within a grey bar a point may be off it by chance alone.${bins.length === 0 ? ' In this range such bands are not known: choose whole days.' : ' Each band leads to its examples.'}`}
                table={{
                    head: ['Confidence', 'Mean confidence', OUTCOMES[target], 'By chance, were confidence right', 'n'],
                    rows: bins.map((bin) => [
                        bin.name,
                        bin.confidence === null ? '–' : percent(bin.confidence),
                        withInterval(bin.outcome, 'share'),
                        bin.consistent === null ? '–' : `${percent(bin.consistent.lower)} to ${percent(bin.consistent.upper)}`,
                        count(bin.n),
                    ]),
                }}
            >
                {(width) => <Reliability bins={bins} outcome={OUTCOMES[target]} width={width} />}
            </Figure>
            <div>
                <Facts metrics={metrics.filter(([metric]) => first.has(metric))} expected={slice.ece_expected_if_calibrated} />
                <details class="as-table">
                    <summary>More measures</summary>
                    <Facts metrics={metrics.filter(([metric]) => !first.has(metric))} expected={null} />
                </details>
            </div>
        </div>
    );
}

function Facts({ metrics, expected }: { metrics: [string, Value][]; expected: number | null }) {
    return (
        <dl class="facts">
            {metrics.map(([metric, value]) => (
                <div key={metric}>
                    <dt>
                        <Term metric={metric} />
                    </dt>
                    <dd>
                        <Estimate metric={metric} value={value} bare={expected === null} />
                    </dd>
                </div>
            ))}
            {expected !== null && (
                <div>
                    <dt>To be expected of a calibrated model</dt>
                    <dd>
                        <span class="number">{percent(expected)}</span>
                        <span class="evidence">calibration error by chance alone, with so many outputs</span>
                    </dd>
                </div>
            )}
        </dl>
    );
}

/** Does confidence mean what it says? The curve, and the errors it comes to. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { Reliability } from '../../charts/reliability';
import { count, percent, withInterval } from '../../format/number';
import { Estimate } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Await, Empty } from '../../parts/states';
import { Term } from '../../parts/term';
import { useScope } from '../../state/scope';
import { onward, set } from '../../state/url';

type Target = Schemas['CalibrationTarget'];

const OUTCOMES: Record<Target, string> = { correctness: 'share that was right', acceptance: 'share that users took' };

export function Calibration({ feature }: { feature: string }) {
    const { scope, params } = useScope();
    const target: Target = params.get('target') === 'acceptance' ? 'acceptance' : 'correctness';
    const query = { ...scope, target };
    const found = useData(`calibration ${feature} ${JSON.stringify(query)}`, () =>
        api.get('/api/v1/features/{feature}/calibration', { path: { feature }, query }),
    );
    return (
        <>
            <div class="controls" role="group" aria-label="Compare confidence with">
                <label>
                    <span class="label">Compared with</span>
                    <select
                        value={target}
                        onChange={(event) => set({ target: event.currentTarget.value === 'acceptance' ? 'acceptance' : null }, true)}
                    >
                        <option value="correctness">whether it was right</option>
                        <option value="acceptance">whether users took it</option>
                    </select>
                </label>
            </div>
            <Await of={found} lines={12}>
                {({ data }) => <Curve slice={data[0]} target={target} feature={feature} />}
            </Await>
        </>
    );
}

function Curve({ slice, target, feature }: { slice: Schemas['CalibrationSlice'] | undefined; target: Target; feature: string }) {
    const n = slice?.bins.reduce((sum, bin) => sum + bin.n, 0) ?? 0;
    if (slice === undefined || n === 0) {
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
    const bins = slice.bins.map((bin) => ({
        ...bin,
        confidence: bin.mean_confidence,
        href: onward('/examples', { feature, confidence_from: String(bin.from), confidence_to: String(bin.to) }),
    }));
    const expected = slice.ece_expected_if_calibrated;
    return (
        <div class="split">
            <Figure
                title={`Confidence against the ${OUTCOMES[target]}`}
                caption="On the diagonal confidence is right. Each band leads to its examples."
                table={{
                    head: ['Confidence', 'Mean confidence', OUTCOMES[target], 'n'],
                    rows: bins.map((bin) => [
                        `${percent(bin.from)} to ${percent(bin.to)}`,
                        bin.confidence === null ? '–' : percent(bin.confidence),
                        withInterval(bin.outcome, 'share'),
                        count(bin.n),
                    ]),
                }}
            >
                {(width) => <Reliability bins={bins} outcome={OUTCOMES[target]} width={width} />}
            </Figure>
            <dl class="facts">
                {Object.entries(slice.metrics).map(([metric, value]) => (
                    <div key={metric}>
                        <dt>
                            <Term metric={metric} />
                        </dt>
                        <dd>
                            <Estimate metric={metric} value={value} />
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
        </div>
    );
}

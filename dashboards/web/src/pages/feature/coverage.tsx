/** How much is not known, and what the scores would be, had all outputs been answered and judged. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { Bounds } from '../../charts/bounds';
import { count, percent, withInterval } from '../../format/number';
import { Estimate } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Await, Empty } from '../../parts/states';
import { Explained } from '../../parts/term';
import { useScope } from '../../state/scope';

type Target = Schemas['CalibrationTarget'];

const WORDS: Record<Target, { known: string; score: string; silence: string }> = {
    acceptance: { known: 'Answered by users', score: 'Acceptance', silence: 'Nobody answered any of these outputs' },
    correctness: { known: 'Judged', score: 'Correctness', silence: 'None of these outputs was judged' },
};

export function Coverage({ feature }: { feature: string }) {
    return (
        <div class="pair">
            <Known feature={feature} target="acceptance" />
            <Known feature={feature} target="correctness" />
        </div>
    );
}

function Known({ feature, target }: { feature: string; target: Target }) {
    const { scope } = useScope();
    const query = { ...scope, target };
    const load = () => api.get('/api/v1/features/{feature}/coverage', { path: { feature }, query });
    const found = useData(`coverage ${feature} ${JSON.stringify(query)}`, load);
    return <Await of={found}>{(answer) => <Found {...answer} />}</Await>;
}

function Found({ target, whole, weighted, bounds, by_confidence }: Schemas['CoverageResponse']) {
    const words = WORDS[target];
    const { lower, upper, interval_lower, interval_upper } = bounds;
    if (whole.score.value === null || lower.value === null || upper.value === null) {
        return <Empty title={words.silence}>Anything between 0 and 100 % is possible.</Empty>;
    }
    const between = `${percent(lower.value)} and ${percent(upper.value)}`;
    const unspoken = weighted.unrepresented_share ?? 0;
    return (
        <div>
            <Figure
                title={`${words.score} of all outputs: between ${between}`}
                caption="The band holds it whatever the others would have been; the pale edges add chance."
                table={{
                    head: ['Confidence', 'Shown', words.known, words.score],
                    rows: by_confidence.map((band) => [
                        band.from === null || band.to === null ? 'none' : `${percent(band.from)} to ${percent(band.to)}`,
                        count(band.shown),
                        withInterval(band.coverage, 'share'),
                        withInterval(band.score, 'share'),
                    ]),
                }}
            >
                {(width) => (
                    <Bounds
                        worst={lower.value ?? 0}
                        best={upper.value ?? 1}
                        interval={interval_lower === null || interval_upper === null ? null : [interval_lower, interval_upper]}
                        marks={[
                            { name: 'As counted', spread: whole.score },
                            { name: 'Weighted', spread: weighted.score },
                        ]}
                        width={width}
                        label={`${words.score}: ${withInterval(whole.score, 'share')} as counted, ${withInterval(weighted.score, 'share')} weighted, between ${between} at worst and at best`}
                    />
                )}
            </Figure>
            <dl class="facts wide">
                <div>
                    <dt>{words.known}</dt>
                    <dd>
                        <Estimate value={whole.coverage} />
                    </dd>
                </div>
                <div>
                    <dt>
                        <Explained text="Each band of confidence counts for as much as was shown of it, not as was answered.">Weighted {words.score.toLowerCase()}</Explained>
                    </dt>
                    <dd>
                        <Estimate value={weighted.score} />
                        {unspoken > 0 && <span class="evidence">It does not speak for {percent(unspoken)} of outputs.</span>}
                    </dd>
                </div>
            </dl>
        </div>
    );
}

/** From which confidence on may it act unasked? A risk is chosen; the threshold, what it covers and its guarantee follow. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { Trend } from '../../charts/trend';
import { count, counted, evidence, parts, percent, threshold as written, withInterval } from '../../format/number';
import { date } from '../../format/time';
import { Estimate } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Await, Empty } from '../../parts/states';
import { Explained } from '../../parts/term';
import { useScope } from '../../state/scope';
import { onward, set } from '../../state/url';
import { notTheBand, usersEnough } from './words';

type Answer = Schemas['AutonomyResponse'];
type Covered = Schemas['Covered'];

const DEFAULT_RISK = 5;
const MOST_RISK = 50;
/** Judged outputs that a step of the curve must rest on to be drawn. */
const LEAST = 10;

const TITLES: Record<Schemas['NoThreshold'], string> = {
    no_judgements: 'No judged output carries a confidence',
    too_few_users: 'Too few people yet to promise this',
    risk_not_met: 'No threshold is shown to be safe',
};

const CHECKS: Record<Schemas['CheckVerdict'], string> = {
    kept: 'It has held: the interval is below the risk.',
    not_contradicted: 'Nothing speaks against it, but later outputs are too few to confirm it.',
    broken: 'It has not held: the interval is above the risk.',
};

export function Autonomy({ feature }: { feature: string }) {
    const { scope, params } = useScope();
    const risk = clamp(Number(params.get('risk') ?? DEFAULT_RISK));
    const query = { ...scope, risk: risk / 100 };
    const load = () => api.get('/api/v1/features/{feature}/autonomy', { path: { feature }, query });
    const found = useData(`autonomy ${feature} ${JSON.stringify(query)}`, load);
    return (
        <>
            <Risk chosen={risk} key={risk} />
            <Await of={found} lines={10}>
                {(answer) => (answer.judged === 0 ? <Unjudged feature={feature} /> : <Found {...answer} />)}
            </Await>
        </>
    );
}

function clamp(risk: number): number {
    return Number.isFinite(risk) ? Math.min(MOST_RISK, Math.max(1, Math.round(risk))) : DEFAULT_RISK;
}

function Risk({ chosen }: { chosen: number }) {
    const [risk, setRisk] = useState(chosen);
    return (
        <div class="controls" role="group" aria-label="Acceptable risk">
            <label class="slider">
                <span class="label">
                    Errors that are acceptable among outputs that act unasked: <strong>{percent(risk / 100)}</strong>
                </span>
                <input
                    type="range"
                    min={1}
                    max={MOST_RISK}
                    step={1}
                    value={risk}
                    aria-valuetext={`${risk} percent`}
                    onInput={(event) => setRisk(Number(event.currentTarget.value))}
                    onChange={(event) => {
                        const next = Number(event.currentTarget.value);
                        set({ risk: next === DEFAULT_RISK ? null : String(next) }, true);
                    }}
                />
            </label>
        </div>
    );
}

function Unjudged({ feature }: { feature: string }) {
    return (
        <Empty title={TITLES.no_judgements}>
            What is an error only judgements say. Label a few <a href={onward('/examples', { feature })}>examples</a>, or send <code>judge</code>{' '}
            events, for outputs with a <code>confidence</code>.
        </Empty>
    );
}

function Found(answer: Answer) {
    const { threshold, reason, sentence, risk, curve, outputs, judged } = answer;
    const note = notTheBand(answer);
    const users = usersEnough(answer);
    const drawn = curve.filter(({ error_rate }) => error_rate.n >= LEAST);
    return (
        <>
            <p class="sentence">
                {threshold === null && reason !== null && <strong>{TITLES[reason]}. </strong>}
                {sentence}
            </p>
            {note !== undefined && <p class="sentence evidence">{note}</p>}
            <div class="split">
                {drawn.length < 2 ? (
                    <Empty title="Too little to draw">
                        {counted(judged, 'output')} of {count(outputs)} with a confidence {judged === 1 ? 'was' : 'were'} judged.
                    </Empty>
                ) : (
                    <Figure
                        title="Errors among the most confident outputs"
                        caption={`From the most confident to all of them. The dashed line is the risk of ${percent(risk)}.`}
                        table={{
                            head: ['Confidence above', 'Share covered', 'Errors', 'n'],
                            rows: drawn.map((step) => [written(step.above), percent(step.share), withInterval(step.error_rate, 'share'), count(step.error_rate.n)]),
                        }}
                    >
                        {(width) => (
                            <Trend
                                label="Error rate by share covered"
                                points={drawn.map((step) => ({
                                    x: step.share,
                                    value: step.error_rate.value,
                                    lower: step.error_rate.lower,
                                    upper: step.error_rate.upper,
                                    words: `The ${percent(step.share)} above ${written(step.above)}: ${withInterval(step.error_rate, 'share')} wrong, ${evidence(step.error_rate)}`,
                                }))}
                                width={width}
                                height={220}
                                domain={[0, 1]}
                                limits={[0, 1]}
                                axis={[0, 0.25, 0.5, 0.75, 1].map((x) => ({ x, words: percent(x) }))}
                                unit="share"
                                reference={risk}
                                markers={threshold === null ? [] : [{ x: threshold.share, words: `above ${written(threshold.above)}`, kind: 'change' }]}
                            />
                        )}
                    </Figure>
                )}
                <dl class="facts">
                    {threshold !== null && <Threshold {...answer} threshold={threshold} />}
                    <Held {...answer} />
                    <div>
                        <dt>Judged</dt>
                        <dd>
                            <span class="number">{count(judged)}</span>
                            <span class="evidence">of {counted(outputs, 'output')} with a confidence</span>
                        </dd>
                    </div>
                    {threshold === null && (
                        <div>
                            <dt>
                                <Explained text="The guarantee rests on users and not on outputs. How many it takes is reckoned for errors half as many as the risk: the nearer they are to it, the more.">
                                    Users with judged outputs
                                </Explained>
                            </dt>
                            <dd>
                                <span class="number">{users.there}</span>
                                <span class="evidence">{users.says}</span>
                            </dd>
                        </div>
                    )}
                </dl>
            </div>
        </>
    );
}

function Threshold({ threshold, spared }: Answer & { threshold: Covered }) {
    return (
        <>
            <div>
                <dt>Acts unasked above</dt>
                <dd>
                    <span class="number strong">{written(threshold.above)}</span>
                    <span class="evidence">confidence</span>
                </dd>
            </div>
            <div>
                <dt>Share covered</dt>
                <dd>
                    <span class="number strong">{percent(threshold.share)}</span>
                    <span class="evidence">{counted(threshold.outputs, 'output')}</span>
                </dd>
            </div>
            <div>
                <dt>Errors among them</dt>
                <dd>
                    <Estimate value={threshold.error_rate} />
                </dd>
            </div>
            {spared !== null && (
                <div>
                    <dt>Users would have been spared</dt>
                    <dd>
                        <span class="number">{counted(spared.decisions, 'decision')}</span>
                        {spared.median_decision_ms !== null && (
                            <span class="evidence">half of them within {parts({ value: spared.median_decision_ms }, 'milliseconds').value}</span>
                        )}
                    </dd>
                </div>
            )}
        </>
    );
}

/** What the threshold of the earlier outputs did on the later ones. */
function Held({ check }: Answer) {
    if (check === null || check.verdict === null || check.above === null) return null;
    return (
        <div>
            <dt>
                <Explained text={`A threshold found in outputs before ${date(check.at)} (${written(check.above)}), tried on those after.`}>
                    How it held up later
                </Explained>
            </dt>
            <dd>
                <Estimate value={check.later} />
                <span class="evidence">{CHECKS[check.verdict]}</span>
            </dd>
        </div>
    );
}

/** How trust grows with use, and what a bad output does to it. */

import { api, type Estimate as Value, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { around } from '../../charts/intervals';
import { dayAxis } from '../../charts/scale';
import { Trend } from '../../charts/trend';
import { count, evidence, withInterval } from '../../format/number';
import { bucket } from '../../format/time';
import { Difference, DrawnDifference, Estimate } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Picker } from '../../parts/picker';
import { Await, Empty } from '../../parts/states';
import { Explained, Term } from '../../parts/term';
import { useScope } from '../../state/scope';
import { set } from '../../state/url';
import { Staying } from './staying';
import { afterBad } from './words';

type Answer = Schemas['TrajectoryResponse'];
type Step = Schemas['ExposureStep'];

export function Trajectory({ feature }: { feature: string }) {
    const { scope, params } = useScope();
    const ofRegulars = params.get('exposures') === 'regulars';
    const load = () => api.get('/api/v1/features/{feature}/trajectory', { path: { feature }, query: scope });
    const found = useData(`trajectory ${feature} ${JSON.stringify(scope)}`, load, 'analyses');
    return (
        <Await of={found} lines={10}>
            {(answer) =>
                answer.by_exposure.length === 0 ? (
                    <Empty title="No output names its user">
                        Send <code>user_id</code>, or a pseudonym of it, to follow people.
                    </Empty>
                ) : (
                    <>
                        <WhoseExposures ofRegulars={ofRegulars} least={answer.regular_exposures} />
                        <div class="pair">
                            {['acceptance_rate', 'correctness_rate'].map((metric) => (
                                <ByExposure key={metric} metric={metric} steps={ofRegulars ? answer.by_exposure_of_regulars : answer.by_exposure} />
                            ))}
                        </div>
                        <div class="pair remembered">
                            <Remembered {...answer} />
                            <Staying {...answer} />
                        </div>
                        <Newcomers {...answer} />
                        <Recovery {...answer} />
                    </>
                )
            }
        </Await>
    );
}

/** Whoever leaves early is in the first steps only, so that a rise may be nothing but the discontented leaving. */
function WhoseExposures({ ofRegulars, least }: { ofRegulars: boolean; least: number }) {
    return (
        <div class="controls" role="group" aria-label="Whose meetings">
            <Picker
                label="Of"
                value={ofRegulars ? 'regulars' : 'all'}
                options={[
                    ['all', 'all users'],
                    ['regulars', `those who met it ${count(least)} times or more`],
                ]}
                onPick={(whose) => set({ exposures: whose === 'all' ? null : whose }, true)}
            />
        </div>
    );
}

function name({ from, to }: Step): string {
    return to === null ? `${from} or more` : from === to ? `${from}` : `${from} to ${to}`;
}

function ByExposure({ metric, steps }: { metric: string; steps: Step[] }) {
    return (
        <Figure
            title={
                <>
                    <Term metric={metric} /> by how often users have met it
                </>
            }
            table={{ head: ['Meeting', 'Value'], rows: steps.map((step) => [name(step), written(step, metric)]) }}
        >
            {(width) => (
                <Trend
                    label={`${metric} by exposure`}
                    points={steps.map((step, x) => {
                        const value = step.metrics[metric];
                        return {
                            x,
                            value: value?.value ?? null,
                            lower: value?.lower ?? null,
                            upper: value?.upper ?? null,
                            words: `Meeting ${name(step)}: ${written(step, metric)}`,
                        };
                    })}
                    width={width}
                    height={150}
                    limits={[0, 1]}
                    axis={steps.map((step, x) => ({ x, words: name(step) }))}
                    unit="share"
                />
            )}
        </Figure>
    );
}

function written(step: Step, metric: string): string {
    const value = step.metrics[metric];
    return value === undefined || value.value === null ? 'no value' : `${withInterval(value, 'share')}, ${evidence(value)}`;
}

/** Acceptance over calendar time as it is remembered: older decisions count less. */
function Remembered({ by_time, half_life_days, granularity }: Answer) {
    const times = by_time.map((step) => Date.parse(step.bucket));
    const known = by_time.filter(({ trust }) => trust.value !== null);
    const [first, last] = [times[0], times.at(-1)];
    if (known.length < 2 || first === undefined || last === undefined) return null;
    const words = ({ bucket: start, trust }: Schemas['TimeStep']) =>
        `${bucket(start, granularity)}: ${trust.value === null ? 'no value' : withInterval(trust, 'share')}`;
    return (
        <Figure
            title="Acceptance as users remember it"
            caption={`What they decided ${count(half_life_days)} days ago counts half, and half of that twice as long ago.`}
            table={{ head: ['Until', 'Remembered acceptance'], rows: by_time.map((step) => [bucket(step.bucket, granularity), withInterval(step.trust, 'share')]) }}
        >
            {(width) => (
                <Trend
                    label="Remembered acceptance over time"
                    points={by_time.map((step, at) => ({
                        x: times[at] ?? first,
                        value: step.trust.value,
                        lower: step.trust.lower,
                        upper: step.trust.upper,
                        words: words(step),
                    }))}
                    width={width}
                    height={150}
                    limits={[0, 1]}
                    axis={dayAxis([first, last], width)}
                    unit="share"
                />
            )}
        </Figure>
    );
}

function Newcomers({ newcomers, returning, growth, first_exposures, regular_exposures, recovery_half_life, exposures_per_active_hour }: Answer) {
    return (
        <dl class="facts wide">
            {(
                [
                    ['New users', 'Users who met it for the first time in this range.', newcomers],
                    ['Returning users', 'Users who had met it before this range.', returning],
                ] as const
            ).map(([title, text, metrics]) => (
                <div key={title}>
                    <dt>
                        <Explained text={text}>{title}</Explained>, acceptance
                    </dt>
                    <dd>
                        <Estimate metric="acceptance_rate" value={metrics['acceptance_rate']} />
                    </dd>
                </div>
            ))}
            {growth.lower !== null && (
                <div>
                    <dt>
                        <Explained text={`Acceptance from meeting ${regular_exposures} on minus that of the same users at their first ${first_exposures}: free of who leaves.`}>
                            Learning
                        </Explained>
                    </dt>
                    <dd>
                        <Difference metric="acceptance_rate" value={growth} />
                        <span class="evidence">{evidence(growth)}</span>
                    </dd>
                </div>
            )}
            {exposures_per_active_hour.value !== null && (
                <div>
                    <dt>
                        <Explained text="Outputs for each hour of the clock in which a user was shown one; what acts by itself interrupts nobody.">Shown per active hour</Explained>
                    </dt>
                    <dd>
                        <span class="number">{withInterval(exposures_per_active_hour, 'outputs')}</span>
                        <span class="evidence">{evidence(exposures_per_active_hour)}</span>
                    </dd>
                </div>
            )}
            {recovery_half_life.value !== null && (
                <div>
                    <dt>
                        <Explained text="After how many decisions half of the drop after a bad output is gone.">Half recovered after</Explained>
                    </dt>
                    <dd>
                        <span class="number">{withInterval(recovery_half_life, 'outputs')} decisions</span>
                    </dd>
                </div>
            )}
        </dl>
    );
}

/** Decisions after a bad output that are shown. */
const LAGS = 5;

/** Whether a difference of shares is known better than before anything was seen: its interval is within −100 and +100 points. */
function saysSomething({ value, lower, upper }: Value): boolean {
    return value !== null && lower !== null && upper !== null && lower > -1 && upper < 1;
}

function Recovery({ recovery }: Answer) {
    const shown = recovery.filter(({ lag, difference }) => lag <= LAGS && saysSomething(difference));
    if (shown.length === 0) return null;
    const domain = around(shown.map(({ difference }) => difference));
    return (
        <>
            <h3>After a bad output</h3>
            <p class="sentence">{afterBad(shown)}</p>
            <p class="figure-caption">
                Acceptance so many decisions after an output that was rejected, taken back or judged wrong, minus that of the same user after a good
                one nearby: below zero they accept less, above zero more. What they learn with use is taken off.
            </p>
            <table class="lags">
                <thead>
                    <tr>
                        <th scope="col">Decisions later</th>
                        <th scope="col">Difference in acceptance</th>
                    </tr>
                </thead>
                <tbody>
                    {shown.map(({ lag, difference }) => (
                        <tr key={lag}>
                            <th scope="row">{lag}</th>
                            <td>
                                <DrawnDifference value={difference} unit="share_difference" domain={domain} />
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </>
    );
}

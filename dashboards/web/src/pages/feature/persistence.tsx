/** Whether what people took stays in place. Told where clients report it. */

import { api, type Estimate as Value, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { Trend } from '../../charts/trend';
import { evidence, percent, withInterval } from '../../format/number';
import { reason } from '../../format/words';
import { Estimate } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Picker } from '../../parts/picker';
import { Await, Silence } from '../../parts/states';
import { Explained } from '../../parts/term';
import { useScope } from '../../state/scope';
import { set } from '../../state/url';

type Step = Schemas['PersistenceStep'];

const NAMES: Record<string, string> = { 1: 'all of it', 0.67: 'two thirds of it', 0.5: 'half of it' };
/** What the catalogue's series mean by kept. */
const USUAL = 0.67;

export function Persistence({ feature }: { feature: string }) {
    const { scope, params } = useScope();
    const load = () => api.get('/api/v1/features/{feature}/persistence', { path: { feature }, query: scope });
    const found = useData(`persistence ${feature} ${JSON.stringify(scope)}`, load, 'analyses');
    return (
        <Await of={found} lines={8}>
            {({ data }) => {
                const steps = data[0]?.steps ?? [];
                return steps.some(saysSomething) ? <Found steps={steps} asked={params.get('kept')} /> : <Silence />;
            }}
        </Await>
    );
}

function saysSomething({ shares }: Step): boolean {
    return shares.some(({ of_accepted }) => of_accepted.value !== null);
}

function Found({ steps, asked }: { steps: Step[]; asked: string | null }) {
    const shares = steps[0]?.shares.map(({ least }) => least) ?? [];
    const least = shares.find((share) => String(share) === asked) ?? USUAL;
    const at = Math.max(0, shares.indexOf(least));
    const known = steps.filter(saysSomething);
    const last = known.at(-1);
    return (
        <>
            <div class="controls" role="group" aria-label="What must be in place">
                <Picker
                    label="Kept means"
                    value={String(least)}
                    options={shares.map((share) => [String(share), NAMES[share] ?? `${percent(share)} of it`])}
                    onPick={(kept) => set({ kept: kept === String(USUAL) ? null : kept }, true)}
                />
            </div>
            <Figure
                title="Kept, of what was accepted"
                caption="So long after the decision. What nobody reported is taken to be like what was."
                table={{
                    head: ['After', ...shares.flatMap((share) => [`${percent(share)} in place, of accepted`, 'of decided']), 'Taken back', 'Known'],
                    rows: steps.map((step) => [
                        after(step),
                        ...step.shares.flatMap(({ of_accepted, of_decided }) => [of_accepted, of_decided].map(written)),
                        written(step.taken_back),
                        written(step.known),
                    ]),
                }}
            >
                {(width) => (
                    <Trend
                        label="Kept by time since the decision"
                        points={known.map((step) => {
                            const value = step.shares[at]?.of_accepted;
                            return {
                                // What goes, goes early.
                                x: Math.log(step.after_seconds),
                                value: value?.value ?? null,
                                lower: value?.lower ?? null,
                                upper: value?.upper ?? null,
                                words: `After ${after(step)}: ${value === undefined ? 'no value' : `${written(value)}, ${evidence(value)}`}`,
                            };
                        })}
                        width={width}
                        height={150}
                        limits={[0, 1]}
                        domain={[Math.log(steps[0]?.after_seconds ?? 1), Math.log(steps.at(-1)?.after_seconds ?? 1)]}
                        axis={steps.map((step) => ({ x: Math.log(step.after_seconds), words: after(step) }))}
                        unit="share"
                    />
                )}
            </Figure>
            {last !== undefined && (
                <dl class="facts wide">
                    {(
                        [
                            ['Kept, of all decided', 'The same times the acceptance rate.', last.shares[at]?.of_decided],
                            ['Taken back', 'Share of the accepted outputs that users had taken back by then.', last.taken_back],
                            ['Known', 'Share of the accepted outputs that were taken back by then, or reported about that time.', last.known],
                        ] as const
                    ).map(([title, text, value]) => (
                        <div key={title}>
                            <dt>
                                <Explained text={text}>{title}</Explained>, after {after(last)}
                            </dt>
                            <dd>
                                <Estimate value={value} />
                            </dd>
                        </div>
                    ))}
                </dl>
            )}
        </>
    );
}

function after({ after_seconds: seconds }: Step): string {
    return seconds < 60 ? `${seconds} s` : `${seconds / 60} min`;
}

function written(value: Value): string {
    return value.value === null ? reason(value.reason) : withInterval(value, 'share');
}

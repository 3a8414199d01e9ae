/** The form that declares an experiment: what is compared, what decides, what must not get worse. */

import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import { outdate } from '../../api/data';
import { DAY } from '../../format/time';
import { dimensionName } from '../../format/words';
import { FeatureField, Margin, MetricField } from '../../parts/fields';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { named, useDimensions, useFeatures, useValues } from '../../parts/project';
import { Title } from '../../parts/title';
import { dayOf } from '../../state/range';
import { go, onward } from '../../state/url';
import { DAYS_BEFORE, plan } from './plan';

const DEFAULT_PRIMARY = 'acceptance_rate';

/** What the form holds besides its fields. */
interface Choice {
    feature: string | undefined;
    dimension: string;
    primary: string;
    /** Each with a number of its own, so that its margin stays with it when another is taken out. */
    guarded: { id: number; metric: string }[];
}

export function Declare() {
    const [choice, setChoice] = useState<Choice>({ feature: undefined, dimension: 'variant', primary: DEFAULT_PRIMARY, guarded: [] });
    const features = useFeatures().data;
    const feature = choice.feature ?? features?.[0];
    const { attempt, busy, problem } = useAttempt();
    const change = (next: Partial<Choice>) => setChoice((before) => ({ ...before, ...next }));
    const declare = (form: HTMLFormElement) =>
        void attempt(async () => {
            const made = await api.post('/api/v1/experiments', { body: plan(new FormData(form), choice.dimension) });
            outdate();
            go(onward('/experiments', { experiment: made.name }), true);
        });
    return (
        <>
            <Title
                above={[[onward('/experiments'), 'Experiments']]}
                lead="Nothing of it can be changed later but its end. That is what makes its verdict worth something."
            >
                Declare an experiment
            </Title>
            <Form onSubmit={declare}>
                <fieldset disabled={busy} class="fields">
                    <label>
                        Name
                        <input name="name" required maxLength={100} pattern="[A-Za-z0-9._\-]+" title="letters, digits, dots, dashes" />
                    </label>
                    <FeatureField value={feature} onChange={(feature) => change({ feature })} />
                    <Arms feature={feature} dimension={choice.dimension} onDimension={(dimension) => change({ dimension })} />
                    <MetricField name="primary" label="Decides" value={choice.primary} onChange={(primary) => change({ primary })} />
                    <Margin name="margin" metric={choice.primary} label="Least difference worth having" />
                    {choice.guarded.map(({ id, metric }) => (
                        <fieldset key={id} class="fields guard">
                            <legend>Must not get worse</legend>
                            <MetricField
                                name="guard"
                                label="Metric"
                                value={metric}
                                onChange={(next) => change({ guarded: choice.guarded.map((one) => (one.id === id ? { id, metric: next } : one)) })}
                            />
                            <Margin name="guard_margin" metric={metric} label="May be worse by" />
                            <button type="button" onClick={() => change({ guarded: choice.guarded.filter((one) => one.id !== id) })}>
                                Take it out
                            </button>
                        </fieldset>
                    ))}
                    <button type="button" onClick={() => change({ guarded: [...choice.guarded, { id: (choice.guarded.at(-1)?.id ?? 0) + 1, metric: 'undo_rate' }] })}>
                        Add a guardrail
                    </button>
                    <label>
                        First day (UTC)
                        <input name="start" type="date" required defaultValue={dayOf(Date.now() + DAY)} />
                    </label>
                    <label>
                        Last day, if there is one
                        <input name="end" type="date" />
                    </label>
                    <label class="check">
                        <input name="before" type="checkbox" /> Take off the noise with what users did in the {DAYS_BEFORE} days before
                    </label>
                    <button type="submit" class="primary">
                        {busy ? 'Declaring …' : 'Declare'}
                    </button>
                </fieldset>
                <Trouble problem={problem} />
            </Form>
        </>
    );
}

function Arms({ feature, dimension, onDimension }: { feature: string | undefined; dimension: string; onDimension: (name: string) => void }) {
    const dimensions = useDimensions();
    const values = named(useValues(feature === undefined ? null : dimension, feature).data);
    return (
        <>
            <label>
                Arms are told apart by
                <select value={dimension} onChange={(event) => onDimension(event.currentTarget.value)}>
                    {dimensions.map((name) => (
                        <option key={name} value={name}>
                            {dimensionName(name)}
                        </option>
                    ))}
                </select>
            </label>
            <label>
                Control
                <input name="control" required list="arms" />
            </label>
            <label>
                Candidates, separated by commas
                <input name="candidates" required list="arms" aria-describedby="arms-help" />
            </label>
            <p id="arms-help" class="help">
                Values of the dimension
                {values === undefined || values.length === 0 ? '; they need not have been seen yet.' : `, such as ${values.slice(0, 5).join(', ')}.`}
            </p>
            <datalist id="arms">
                {values?.map((value) => (
                    <option key={value} value={value} />
                ))}
            </datalist>
        </>
    );
}

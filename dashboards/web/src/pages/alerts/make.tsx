/** The form that makes a rule. It can be tried on the past first. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { outdate } from '../../api/data';
import { useCatalogue, useMetric } from '../../parts/catalogue';
import { FeatureField, inPoints } from '../../parts/fields';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { Title } from '../../parts/title';
import { go, onward } from '../../state/url';
import { DryRun } from './dry_run';
import { KINDS, plan, watchable } from './words';

type Kind = Schemas['AlertKind'];
const DEFAULT_METRIC = 'acceptance_rate';

export function Make({ admin }: { admin: boolean }) {
    const [kind, setKind] = useState<Kind>('change');
    const [metric, setMetric] = useState(DEFAULT_METRIC);
    const [tried, setTried] = useState<Schemas['AlertPlan']>();
    const { attempt, busy, problem } = useAttempt();
    const catalogue = useCatalogue();
    const metrics = watchable([...catalogue.values()], kind);
    const unit = useMetric(metric)?.unit;
    const words = inPoints(unit) ? 'in %' : unit === undefined ? '' : `in ${unit.replaceAll('_', ' ')}`;
    const withMetric = kind === 'threshold' || kind === 'change';
    const look = (next: Kind) => {
        setKind(next);
        if (!watchable([...catalogue.values()], next).some(({ id }) => id === metric)) setMetric(DEFAULT_METRIC);
    };
    const tell = (form: HTMLFormElement) => setTried(plan(new FormData(form)));
    const make = (form: HTMLFormElement) =>
        void attempt(async () => {
            const made = await api.post('/api/v1/alerts', { body: plan(new FormData(form)) });
            outdate();
            go(onward('/alerts', { alert: made.id }), true);
        });
    return (
        <>
            <Title above={[[onward('/alerts'), 'Alerts']]} lead={KINDS[kind].why}>
                {admin ? 'Make a rule' : 'Try a rule on the past'}
            </Title>
            <Form onSubmit={admin ? make : tell}>
                <fieldset disabled={busy} class="fields">
                    <label>
                        Name
                        <input name="name" required maxLength={256} pattern=".*\S.*" defaultValue="Acceptance moved" />
                    </label>
                    <label>
                        It looks for
                        <select name="kind" value={kind} onChange={(event) => look(event.currentTarget.value as Kind)}>
                            {(['change', 'threshold', 'verdict', 'no_data'] as const).map((each) => (
                                <option key={each} value={each}>
                                    {KINDS[each].words}
                                </option>
                            ))}
                        </select>
                    </label>
                    <FeatureField all="All features" />
                    {withMetric && (
                        <label>
                            Metric
                            <select name="metric" value={metric} onChange={(event) => setMetric(event.currentTarget.value)}>
                                {metrics.map(({ id, title }) => (
                                    <option key={id} value={id}>
                                        {title}
                                    </option>
                                ))}
                            </select>
                        </label>
                    )}
                    {withMetric && (
                        <label>
                            Which way
                            <select name="side" key={kind}>
                                {kind === 'change' && <option value="either">it moves either way</option>}
                                <option value="below">{kind === 'change' ? 'it falls' : 'it is below the level'}</option>
                                <option value="above">{kind === 'change' ? 'it rises' : 'it is above the level'}</option>
                            </select>
                        </label>
                    )}
                    {kind === 'threshold' && (
                        <>
                            <Numbered name="threshold" label={`Level, ${words}`} required step="any" />
                            <Numbered name="hysteresis" label={`Clears when it is back beyond the level by, ${words}`} initial="0" step="any" min="0" />
                            <input type="hidden" name="factor" value={inPoints(unit) ? '0.01' : '1'} />
                        </>
                    )}
                    {kind === 'change' && <Numbered name="baseline_days" label="Days before that say what is normal" initial="28" min="7" max="90" />}
                    {kind === 'no_data' ? (
                        <>
                            <Numbered name="hours" label="Hours without anything" initial="6" min="1" max="168" />
                            <Numbered name="min_n" label="Outputs that were due in each of the weeks before, at least" initial="10" min="1" />
                        </>
                    ) : (
                        <>
                            <Numbered
                                name="window_days"
                                key={kind}
                                label="Each look is at so many days"
                                initial={kind === 'verdict' ? '28' : '7'}
                                min="1"
                                max="90"
                            />
                            <Numbered name="min_n" label="Looks count that rest on at least so many outputs" initial="100" min="1" />
                            <Numbered name="min_users" label="and on at least so many users" initial="20" min="1" />
                            <Numbered name="alpha" label="Chance of a false alarm in 30 days, in %" initial="5" min="0.1" max="50" step="any" />
                        </>
                    )}
                    <button type="button" onClick={({ currentTarget: { form } }) => form?.reportValidity() && tell(form)}>
                        Try it on the past
                    </button>
                    {admin && (
                        <button type="submit" class="primary">
                            {busy ? 'Making …' : 'Make it'}
                        </button>
                    )}
                </fieldset>
                <Trouble problem={problem} />
            </Form>
            {tried !== undefined && (
                <section class="section" aria-labelledby="dry">
                    <div class="section-head">
                        <h2 id="dry">On the past</h2>
                        <p>What “{tried.name}” would have done, as known now.</p>
                    </div>
                    <DryRun rule={tried} key={JSON.stringify(tried)} />
                </section>
            )}
        </>
    );
}

interface Field {
    name: string;
    label: string;
    initial?: string;
    min?: string;
    max?: string;
    step?: string;
    required?: boolean;
}

function Numbered({ label, initial, ...field }: Field) {
    return (
        <label>
            {label}
            <input type="number" {...field} {...(initial === undefined ? {} : { defaultValue: initial })} />
        </label>
    );
}

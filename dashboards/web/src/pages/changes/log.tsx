/** The form that logs a change: what, when, to fix what, and how much better it should get. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { outdate } from '../../api/data';
import { FeatureField, Margin, MetricField } from '../../parts/fields';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { named, useFeatures, useValues } from '../../parts/project';
import { Title } from '../../parts/title';
import { text } from '../../parts/values';
import { dayOf } from '../../state/range';
import { go, onward } from '../../state/url';
import { KINDS } from './words';

const DEFAULT_METRIC = 'acceptance_rate';

export function Log() {
    const features = useFeatures().data;
    const [feature, setFeature] = useState<string>();
    const [reason, setReason] = useState('');
    const [metric, setMetric] = useState(DEFAULT_METRIC);
    const { attempt, busy, problem } = useAttempt();
    const chosen = feature ?? features?.[0];
    const versions = named(useValues(chosen === undefined ? null : 'version', chosen).data);
    const log = (form: HTMLFormElement) =>
        void attempt(async () => {
            const made = await api.post('/api/v1/changes', { body: change(new FormData(form)) });
            outdate();
            go(onward('/changes', { entry: made.id }), true);
        });
    return (
        <>
            <Title above={[[onward('/changes'), 'Changes']]} lead="What it should do cannot be changed later. That is what makes its verdict worth something.">
                Log a change
            </Title>
            <Form onSubmit={log}>
                <fieldset disabled={busy} class="fields">
                    <label>
                        What was changed
                        <input name="title" required maxLength={256} pattern=".*\S.*" />
                    </label>
                    <label>
                        Kind
                        <select name="kind">
                            {Object.entries(KINDS).map(([kind, words]) => (
                                <option key={kind} value={kind}>
                                    {words}
                                </option>
                            ))}
                        </select>
                    </label>
                    <label>
                        Note
                        <textarea name="note" rows={3} maxLength={10_000} />
                    </label>
                    <FeatureField value={chosen} onChange={setFeature} />
                    <label>
                        Version that came with it, if one did
                        <input name="version" list="versions" maxLength={256} />
                    </label>
                    <datalist id="versions">{versions?.map((name) => <option key={name} value={name} />)}</datalist>
                    <label>
                        Day on which the first users met it (UTC)
                        <input name="made" type="date" required defaultValue={dayOf(Date.now())} />
                    </label>
                    <label>
                        By whom, in any words
                        <input name="by" maxLength={256} />
                    </label>
                    <label>
                        Reason that it aims at, if one
                        <input name="reason" maxLength={256} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
                    </label>
                    {reason.trim() === '' ? (
                        <>
                            <MetricField name="metric" label="Should move" value={metric} onChange={setMetric} />
                            <Margin name="expected" metric={metric} label="Better by" />
                        </>
                    ) : (
                        <Margin name="expected" metric={DEFAULT_METRIC} label="Share of decided outputs that name it, less by" />
                    )}
                    <button type="submit" class="primary">
                        {busy ? 'Logging …' : 'Log it'}
                    </button>
                </fieldset>
                <Trouble problem={problem} />
            </Form>
        </>
    );
}

/** What the fields say. */
function change(values: FormData): Schemas['ChangePlan'] {
    const [version, by, reason] = ['version', 'by', 'reason'].map((name) => text(values, name));
    return {
        title: text(values, 'title'),
        kind: text(values, 'kind') as Schemas['ChangeKind'],
        note: text(values, 'note'),
        made_at: `${text(values, 'made')}T00:00:00Z`,
        feature: text(values, 'feature'),
        ...(version ? { versions: [version] } : {}),
        ...(by ? { by } : {}),
        ...(reason ? { aim: { reason } } : { metric: text(values, 'metric') }),
        expected: Number(text(values, 'expected')) * Number(text(values, 'expected_factor')),
    };
}

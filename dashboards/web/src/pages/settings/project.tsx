/** What the project declares: dimensions, the horizon, what a light edit is, text storage. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { reload } from '../../api/data';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { useProjects } from '../../parts/project';
import { Await } from '../../parts/states';
import { text } from '../../parts/values';

const HOUR = 3_600;

/** The classes of edits that have an upper end, in percent of the text; what is changed more is a rewrite. */
const EDITS = ['light', 'medium', 'heavy'] as const;

export function Project({ admin }: { admin: boolean }) {
    const projects = useProjects();
    // Here, since the fields are made anew when they were saved.
    const [saved, setSaved] = useState(false);
    return (
        <section class="section" aria-labelledby="project">
            <h2 id="project">Project</h2>
            <Await of={projects} lines={5}>
                {({ data }) => (data[0] === undefined ? null : <Fields {...data[0]} admin={admin} onSaved={setSaved} key={JSON.stringify(data[0])} />)}
            </Await>
            <p role="status">{saved && 'Saved. Outputs are counted anew.'}</p>
        </section>
    );
}

interface Props {
    admin: boolean;
    /** Told whether what was asked for last is saved. */
    onSaved: (saved: boolean) => void;
}

function Fields({ dimensions, stores_text, horizon_seconds, edit_thresholds, admin, onSaved }: Schemas['ProjectView'] & Props) {
    const { attempt, busy, problem } = useAttempt();
    const save = (form: HTMLFormElement) => {
        const values = new FormData(form);
        const names = text(values, 'dimensions')
            .split(/[\s,]+/)
            .filter((name) => name !== '');
        const [light, medium, heavy] = EDITS.map((edit) => Number(values.get(edit)) / 100) as [number, number, number];
        onSaved(false);
        void attempt(async () => {
            await api.patch('/api/v1/projects/current', {
                body: {
                    dimensions: names,
                    stores_text: values.get('stores_text') !== null,
                    horizon_seconds: Math.round(Number(values.get('horizon')) * HOUR),
                    edit_thresholds: { light, medium, heavy },
                },
            });
            onSaved(true);
            reload();
        });
    };
    return (
        <Form onSubmit={save}>
            <fieldset disabled={!admin || busy}>
                <label>
                    Dimensions
                    <input name="dimensions" defaultValue={dimensions.join(', ')} aria-describedby="dimensions-help" />
                </label>
                <p id="dimensions-help" class="help">
                    Attributes of outputs to group and filter by, separated by commas; ten at most. Past outputs are cut anew.
                </p>
                <label>
                    Horizon in hours
                    <input
                        name="horizon"
                        type="number"
                        min="0.01"
                        step="any"
                        defaultValue={String(horizon_seconds / HOUR)}
                        aria-describedby="horizon-help"
                    />
                </label>
                <p id="horizon-help" class="help">
                    How long decisions usually need to arrive. Younger outputs are shown shaded.
                </p>
                {EDITS.map((edit) => (
                    <label key={edit}>
                        A {edit} edit changes up to, in %
                        <input
                            name={edit}
                            type="number"
                            min="5"
                            max="95"
                            step="5"
                            required
                            defaultValue={String(Math.round(100 * edit_thresholds[edit]))}
                            aria-describedby="edits-help"
                        />
                    </label>
                ))}
                <p id="edits-help" class="help">
                    Of the text, each more than the one before; what changes more is a rewrite. Past edits are classed anew.
                </p>
                <label class="check">
                    <input name="stores_text" type="checkbox" defaultChecked={stores_text} /> Keep texts
                </label>
                <p class="help">Without it, texts are measured on arrival and never written.</p>
                {admin && (
                    <button type="submit" class="primary">
                        {busy ? 'Saving …' : 'Save'}
                    </button>
                )}
            </fieldset>
            <Trouble problem={problem} />
        </Form>
    );
}

/** For how long texts, events and outputs are kept: read by all, changed by admins, asked twice where less is kept. */

import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { api } from '../../api/client';
import { reload } from '../../api/data';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { useProjects } from '../../parts/project';
import { Await } from '../../parts/states';
import { changes, inWords, type Kept, lost, MOST_DAYS, ofForm, ofProject, question, shortened, THINGS } from './kept';

const LABELS: Record<keyof Kept, string> = {
    texts: 'Texts, in days after they were received',
    events: 'Events, in days after their output was shown',
    outputs: 'Outputs, in days after they were shown',
};

const MEANS: Record<keyof Kept, string> = {
    texts: 'What was said goes, from outputs and from the cases of evals made of them; lengths and edit figures stay.',
    events: 'They go with their texts. Outputs and all numbers stand as they are, older events are refused, and what comes later for such an output is in no number.',
    outputs: 'They go with their events and texts. Numbers by day, feature, version and dimension stay; examples and what is computed from the outputs themselves do not.',
};

export function Retention({ admin }: { admin: boolean }) {
    const projects = useProjects();
    // Here, since the fields are made anew when they were saved.
    const [saved, setSaved] = useState(false);
    return (
        <section class="section" aria-labelledby="retention">
            <h2 id="retention">How long things are kept</h2>
            <Await of={projects} lines={6}>
                {({ data }) => {
                    if (data[0] === undefined) return null;
                    const kept = ofProject(data[0]);
                    return (
                        <>
                            <p class="sentence">{inWords(kept)}</p>
                            <Fields kept={kept} admin={admin} onSaved={setSaved} key={JSON.stringify(kept)} />
                        </>
                    );
                }}
            </Await>
            <p role="status">{saved && 'Saved. What is kept no longer goes within the hour.'}</p>
        </section>
    );
}

interface Props {
    kept: Kept;
    admin: boolean;
    /** Told whether what was asked for last is saved. */
    onSaved: (saved: boolean) => void;
}

function Fields({ kept, admin, onSaved }: Props) {
    const { attempt, busy, problem } = useAttempt();
    const save = (form: HTMLFormElement) => {
        const after = ofForm(new FormData(form));
        onSaved(false);
        void attempt(async () => {
            if (shortened(kept, after).length > 0 && !confirm(question(kept, after, await losing(kept, after), Date.now()))) return;
            await api.patch('/api/v1/projects/current', { body: changes(kept, after) });
            onSaved(true);
            reload();
        });
    };
    return (
        <Form onSubmit={save}>
            <fieldset disabled={!admin || busy}>
                {THINGS.map((thing) => (
                    <Fragment key={thing}>
                        <label>
                            {LABELS[thing]}
                            <input
                                name={thing}
                                type="number"
                                min="1"
                                max={MOST_DAYS}
                                step="1"
                                placeholder="for ever"
                                defaultValue={kept[thing] === null ? '' : String(kept[thing])}
                                aria-describedby={`${thing}-help`}
                            />
                        </label>
                        <p id={`${thing}-help`} class="help">
                            {MEANS[thing]}
                        </p>
                    </Fragment>
                ))}
                <p class="help">An empty field is for ever. Nothing is kept longer than what it is part of.</p>
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

/** Outputs among which are all that lose events, or go themselves; null where that cannot be told. */
async function losing(before: Kept, after: Kept): Promise<number | null> {
    const days = lost(before, after, Date.now());
    if (days === undefined) return null;
    // Whoever wants less kept is not kept from it by a count.
    const found = await api.post('/api/v1/query', { body: { metrics: ['shown'], ...days } }).catch(() => undefined);
    return found?.data[0]?.metrics['shown']?.value ?? null;
}

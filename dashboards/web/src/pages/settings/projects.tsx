/** New projects, by the admins of the first one. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { reload } from '../../api/data';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { text } from '../../parts/values';
import { Secret } from './secret';

/** The project that is there from the first start; only its admins make others. */
export const FIRST = 'default';

export function Projects() {
    const { attempt, busy, problem } = useAttempt();
    const [made, setMade] = useState<Schemas['NewProjectResponse']>();
    const create = (form: HTMLFormElement) =>
        void attempt(async () => {
            setMade(undefined);
            setMade(await api.post('/api/v1/projects', { body: { name: text(new FormData(form), 'project') } }));
            form.reset();
            reload();
        });
    return (
        <section class="section" aria-labelledby="projects">
            <h2 id="projects">New project</h2>
            <Form onSubmit={create}>
                <fieldset disabled={busy}>
                    <label>
                        Name of the project
                        <input name="project" required maxLength={100} pattern=".*\S.*" autocomplete="off" aria-describedby="project-help" />
                    </label>
                    <p id="project-help" class="help">
                        Nothing is shared between projects: the new one is seen by its own keys only, of which it gets a first.
                    </p>
                    <button type="submit">Make the project</button>
                </fieldset>
            </Form>
            <Trouble problem={problem} />
            <Secret of={made?.admin_key}>{`“${made?.project.name ?? ''}” is there; sign in with its first key to see it. `}</Secret>
        </section>
    );
}

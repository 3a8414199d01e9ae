/** Erasing a user: asked twice, and the receipt. */

import { useEffect, useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { reload } from '../../api/data';
import { count } from '../../format/number';
import { minute } from '../../format/time';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { text } from '../../parts/values';

type Receipt = Schemas['ErasureView'];

/** Milliseconds between looks at an erasure that goes on. */
const EVERY = 1_000;

export function Erase() {
    const [receipt, setReceipt] = useState<Receipt>();
    const { attempt, busy, problem } = useAttempt();
    // Apart from erasing, so that the form stays as it is while one looks.
    const following = useAttempt();
    const erase = (form: HTMLFormElement) => {
        const user = text(new FormData(form), 'user');
        const question = `Erase “${user}”? The user’s outputs, events and texts are deleted, and nothing brings them back. Events of the user that come later are refused.`;
        if (!confirm(question)) return;
        void attempt(async () => {
            setReceipt(await api.delete('/api/v1/users/{user_id}', { path: { user_id: user } }));
            form.reset();
            reload();
        });
    };
    const id = receipt !== undefined && receipt.vacuumed_at === null ? receipt.id : undefined;
    useEffect(() => {
        if (id === undefined) return;
        const look = () => void following.attempt(async () => setReceipt(await api.get('/api/v1/erasures/{id}', { path: { id } })));
        const timer = setInterval(look, EVERY);
        return () => clearInterval(timer);
    }, [id]);
    return (
        <>
            <Form onSubmit={erase}>
                <fieldset disabled={busy}>
                    <label>
                        User id
                        <input name="user" required maxLength={256} autocomplete="off" aria-describedby="erase-help" />
                    </label>
                    <p id="erase-help" class="help">
                        Everything of the user goes, in all tables; the numbers are then those of a project in which the user never was.
                    </p>
                    <button type="submit">Erase the user</button>
                </fieldset>
            </Form>
            <Trouble problem={problem ?? following.problem} />
            <div role="status">{receipt !== undefined && <Told {...receipt} />}</div>
        </>
    );
}

function Told({ id, state, requested_at, finished_at, vacuumed_at, events, outputs, texts, opinions, eval_cases, log_position }: Receipt) {
    const rows: [string, string][] = [
        ['Receipt', id],
        ['Asked for', minute(requested_at)],
        ['Done', finished_at === null ? 'not yet' : minute(finished_at)],
        ['Given up by the database', vacuumed_at === null ? 'not yet' : minute(vacuumed_at)],
        ['Events', count(events)],
        ['Outputs', count(outputs)],
        ['of these with texts', count(texts)],
        ['Opinions on outputs of others', count(opinions)],
        ['Cases of evals', count(eval_cases)],
        ['Log position', log_position === null ? 'not yet' : count(log_position)],
    ];
    return (
        <div class="made">
            <p>{state === 'done' ? 'The user is erased. The receipt names nobody:' : 'The user is being erased:'}</p>
            <dl class="receipt">
                {rows.map(([name, value]) => (
                    <div key={name}>
                        <dt>{name}</dt>
                        <dd>{value}</dd>
                    </div>
                ))}
            </dl>
        </div>
    );
}

/** A file of cases or results on its way in: first what it would do, then that. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { reload } from '../../api/data';
import { count, counted } from '../../format/number';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { text } from '../../parts/values';
import { go, onward } from '../../state/url';

const ACCEPTED = '.csv,.tsv,.json,.jsonl,text/csv,application/json';

/** Runs are uploaded at once; cases after a look at what would change. */
export function Upload({ set, kind }: { set: string; kind: 'cases' | 'runs' }) {
    return (
        <details class="upload">
            <summary>{kind === 'cases' ? 'Upload cases' : 'Upload a run'}</summary>
            {kind === 'cases' ? <Cases set={set} /> : <Results set={set} />}
        </details>
    );
}

interface Look {
    file: File;
    replaces: boolean;
    answer: Schemas['EvalUploadResponse'];
}

function Cases({ set }: { set: string }) {
    const [look, setLook] = useState<Look>();
    const [done, setDone] = useState<Schemas['EvalUploadResponse']>();
    const { attempt, busy, problem } = useAttempt();
    const path = { set };
    const send = (file: File, replaces: boolean, dry_run: boolean) =>
        replaces
            ? api.put('/api/v1/evals/{set}/cases', { path, query: { dry_run }, file })
            : api.post('/api/v1/evals/{set}/cases', { path, query: { dry_run }, file });
    const ask = (form: HTMLFormElement) =>
        void attempt(async () => {
            const values = new FormData(form);
            const [file, replaces] = [values.get('file'), values.get('replaces') !== null];
            if (!(file instanceof File)) return;
            setLook(undefined);
            setDone(undefined);
            setLook({ file, replaces, answer: await send(file, replaces, true) });
        });
    const take = ({ file, replaces }: Look) =>
        void attempt(async () => {
            setLook(undefined);
            setDone(await send(file, replaces, false));
            reload();
        });
    return (
        <Form onSubmit={ask}>
            <label>
                A spreadsheet saved as CSV, or JSON lines
                <input name="file" type="file" accept={ACCEPTED} required />
            </label>
            <label class="check">
                <input name="replaces" type="checkbox" /> It is all there is: delete the cases that it does not have
            </label>
            <button type="submit" disabled={busy}>
                See what it would change
            </button>
            <Trouble problem={problem} />
            {look !== undefined && (
                <div role="status">
                    <Outcome {...look.answer} />
                    <p class="labelling">
                        <button type="button" class="primary" onClick={() => take(look)}>
                            Do it
                        </button>
                        <button type="button" onClick={() => setLook(undefined)}>
                            Leave it
                        </button>
                    </p>
                </div>
            )}
            {done !== undefined && (
                <div role="status">
                    <Outcome {...done} />
                </div>
            )}
        </Form>
    );
}

function Outcome({ dry_run, created, updated, unchanged, deleted, rejected, ignored_columns, results }: Schemas['EvalUploadResponse']) {
    const would = dry_run ? 'would be ' : '';
    const refused = results.filter((row) => row.status === 'rejected');
    return (
        <>
            <p class="sentence">
                {counted(created, 'case')} {would}new, {count(updated)} {would}changed, {count(deleted)} {would}deleted, {count(unchanged)} as they are
                {rejected > 0 && `, ${counted(rejected, 'row')} not taken`}.
                {ignored_columns.length > 0 && ` Columns that are not of a case: ${ignored_columns.join(', ')}.`}
            </p>
            <Refused rows={refused} all={rejected} />
        </>
    );
}

/** The rows that were not taken, and why. */
function Refused({ rows, all }: { rows: Schemas['EvalRowResult'][]; all: number }) {
    if (rows.length === 0) return null;
    const shown = rows.slice(0, 20);
    return (
        <ul class="findings">
            {shown.map((row, at) => (
                <li key={at}>
                    Row {row.row}
                    {row.case !== null && ` (${row.case})`}: {row.message}
                </li>
            ))}
            {all > shown.length && <li>… and {counted(all - shown.length, 'row')} more.</li>}
        </ul>
    );
}

function Results({ set }: { set: string }) {
    const { attempt, busy, problem } = useAttempt();
    const [partly, setPartly] = useState<Schemas['EvalRunUploaded']>();
    const take = (form: HTMLFormElement) =>
        void attempt(async () => {
            const values = new FormData(form);
            const file = values.get('file');
            if (!(file instanceof File)) return;
            const [name = '', version, judge] = ['name', 'version', 'judge'].map((field) => text(values, field));
            const answer = await api.post('/api/v1/evals/{set}/runs', { path: { set }, query: { name, version, judge }, file });
            reload();
            if (answer.rejected > 0) setPartly(answer);
            else go(onward('/evals', { set, run: answer.run.id }));
        });
    return (
        <Form onSubmit={take}>
            <label>
                Name of the run
                <input name="name" required maxLength={256} pattern=".*\S.*" />
            </label>
            <label>
                Version that was run, as outputs name it
                <input name="version" maxLength={256} />
            </label>
            <label>
                Who judged, where rows do not say
                <input name="judge" maxLength={256} />
            </label>
            <label>
                <span>
                    Results: CSV or JSON lines with <code>case</code>, and <code>score</code> or <code>pass</code>
                </span>
                <input name="file" type="file" accept={ACCEPTED} required />
            </label>
            <button type="submit" disabled={busy}>
                Upload
            </button>
            <Trouble problem={problem} />
            {partly !== undefined && (
                <div role="status">
                    <p class="sentence">
                        {counted(partly.taken, 'result')} of “{partly.run.name}” were taken, {counted(partly.rejected, 'row')} not.
                    </p>
                    <Refused rows={partly.results} all={partly.rejected} />
                </div>
            )}
        </Form>
    );
}

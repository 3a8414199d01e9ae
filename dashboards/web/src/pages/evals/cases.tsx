/** The cases of a set: searched, read, corrected, and as a file. */

import { address, api, type Schemas } from '../../api/client';
import { reload, useData } from '../../api/data';
import { count } from '../../format/number';
import { minute } from '../../format/time';
import { Cards, Heads } from '../../parts/cards';
import { Chip } from '../../parts/controls';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { Pages } from '../../parts/pages';
import { Await, Empty } from '../../parts/states';
import { list, text } from '../../parts/values';
import { onward, set as change, usePlace } from '../../state/url';
import { Upload } from './upload';

type Case = Schemas['EvalCaseView'];

const PAGE = 15;
const FILES = [
    ['CSV', { format: 'csv' }, 'csv'],
    ['CSV with semicolons', { format: 'csv', separator: 'semicolon' }, 'csv'],
    ['JSON lines', { format: 'jsonl' }, 'jsonl'],
] as const;

export function Cases({ set, total, admin }: { set: string; total: number; admin: boolean }) {
    const { params } = usePlace();
    const own = Object.fromEntries(['text', 'tag', 'cursor'].flatMap((name) => (params.has(name) ? [[name, params.get(name)!]] : [])));
    const query = { ...own, limit: PAGE };
    const found = useData(`eval cases ${set} ${JSON.stringify(query)}`, () => api.get('/api/v1/evals/{set}/cases', { path: { set }, query }));
    return (
        <section class="section" aria-labelledby="cases">
            <div class="section-head">
                <h2 id="cases">Cases</h2>
                <p>{count(total)} in all.</p>
            </div>
            {total > 0 && <Search />}
            <Await of={found} lines={10}>
                {({ data, next_cursor }) =>
                    data.length === 0 ? (
                        total > 0 ? (
                            <Empty title="No case is like that" />
                        ) : (
                            <Empty title="No case yet">Make them from what users edited and rejected, or upload a spreadsheet.</Empty>
                        )
                    ) : (
                        <>
                            <Cards label="Table of cases" class="cases" heads={<Heads of={['Case', 'Input', 'Expected', 'Tags']} />}>
                                {data.map((one) => (
                                    <Row key={one.case} one={one} open={params.get('case') === one.case} set={set} admin={admin} />
                                ))}
                            </Cards>
                            <Pages next={next_cursor} />
                        </>
                    )
                }
            </Await>
            {total > 0 && <Files set={set} />}
            {admin && (
                <>
                    <p class="foot">
                        <a href={onward('/evals', { set, make: 'yes' })}>Make cases from feedback</a>
                    </p>
                    <Upload set={set} kind="cases" />
                </>
            )}
        </section>
    );
}

function Search() {
    const { params } = usePlace();
    const tag = params.get('tag');
    return (
        <Form
            class="controls"
            role="search"
            onSubmit={(form) => change({ text: text(new FormData(form), 'text'), cursor: null, case: null })}
        >
            <label>
                <span class="label">Text</span>
                <input type="search" name="text" maxLength={200} defaultValue={params.get('text') ?? ''} key={params.get('text')} />
            </label>
            <button type="submit">Search</button>
            {tag !== null && (
                <Chip label={`Remove the tag ${tag}`} onRemove={() => change({ tag: null, cursor: null })}>
                    {tag}
                </Chip>
            )}
        </Form>
    );
}

function Row({ one, open, set, admin }: { one: Case; open: boolean; set: string; admin: boolean }) {
    return (
        <>
            <tr>
                <th scope="row">
                    <button type="button" class="plain" aria-expanded={open} onClick={() => change({ case: open ? null : one.case }, true)}>
                        {one.case}
                    </button>
                </th>
                <td data-label="Input">
                    <Snippet text={one.input} />
                </td>
                <td data-label="Expected">
                    <Snippet text={one.expected} missing="to be filled in" />
                </td>
                <td data-label="Tags">
                    {one.tags.map((tag, at) => (
                        <span key={tag}>
                            {at > 0 && ', '}
                            <button type="button" class="plain" onClick={() => change({ tag, cursor: null, case: null })}>
                                {tag}
                            </button>
                        </span>
                    ))}
                </td>
            </tr>
            {open && (
                <tr>
                    <td colSpan={4}>
                        <Detail one={one} set={set} admin={admin} key={one.changed_at} />
                    </td>
                </tr>
            )}
        </>
    );
}

function Snippet({ text, missing = 'none' }: { text: string | null; missing?: string }) {
    if (text === null) return <span class="none">{missing}</span>;
    return <>{text.length > 140 ? `${text.slice(0, 140)}…` : text}</>;
}

const TEXTS = ['input', 'expected', 'rubric'] as const;
const TITLES = { input: 'Input', expected: 'Expected', rubric: 'Rubric' };

function Detail({ one, set, admin }: { one: Case; set: string; admin: boolean }) {
    const { attempt, problem } = useAttempt();
    const path = { set, case: one.case };
    const save = (form: HTMLFormElement) =>
        void attempt(async () => {
            const values = new FormData(form);
            const read = (name: (typeof TEXTS)[number]) => {
                const typed = String(values.get(name) ?? '').replaceAll('\r\n', '\n');
                const before = one[name];
                // What was missing and is still empty stays missing, and other ends of lines stay what they are.
                return typed === (before ?? '').replaceAll(/\r\n?/g, '\n') ? before : typed;
            };
            const body = { input: read('input'), expected: read('expected'), rubric: read('rubric'), tags: list(values, 'tags') };
            await api.patch('/api/v1/evals/{set}/cases/{case}', { path, body });
            reload();
        });
    const remove = () =>
        void attempt(async () => {
            await api.delete('/api/v1/evals/{set}/cases/{case}', { path });
            change({ case: null }, true);
            reload();
        });
    return (
        <Form class="form case" aria-label={`Case ${one.case}`} onSubmit={save}>
            <p class="evidence">
                Added {minute(one.added_at)}
                {one.output_id !== null && (
                    <>
                        {' · made from '}
                        <a href={onward('/examples', { output_ids: JSON.stringify([one.output_id]), range: 'all' })}>an output</a>
                    </>
                )}
            </p>
            {TEXTS.map((name) => (
                <label key={name}>
                    {TITLES[name]}
                    <textarea name={name} rows={name === 'rubric' ? 2 : 5} maxLength={100_000} readOnly={!admin} defaultValue={one[name] ?? ''} />
                </label>
            ))}
            <label>
                Tags, with commas between
                <input name="tags" readOnly={!admin} defaultValue={one.tags.join(', ')} />
            </label>
            <Trouble problem={problem} />
            {admin && (
                <p class="labelling">
                    <button type="submit" class="primary">
                        Save
                    </button>
                    <button type="button" onClick={() => confirm(`Delete the case “${one.case}” with all results on it?`) && remove()}>
                        Delete
                    </button>
                </p>
            )}
        </Form>
    );
}

function Files({ set }: { set: string }) {
    const { params } = usePlace();
    const narrowed = { text: params.get('text'), tag: params.get('tag') };
    return (
        <p class="foot">
            Download {narrowed.text === null && narrowed.tag === null ? 'all cases' : 'these cases'} as{' '}
            {FILES.map(([words, query, extension], at) => (
                <span key={words}>
                    {at > 0 && ' · '}
                    <a href={address('/api/v1/evals/{set}/cases', { set }, { ...query, ...narrowed })} download={`${set}.${extension}`}>
                        {words}
                    </a>
                </span>
            ))}
            . A cell that a spreadsheet would change begins with a backslash, which the upload takes away again.
        </p>
    );
}

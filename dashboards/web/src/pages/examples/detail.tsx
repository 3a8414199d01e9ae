/** One output: what was asked, what the AI wrote, what the user made of it, and what happened when. */

import { api, type Schemas } from '../../api/client';
import { fresh, useData } from '../../api/data';
import { fixed, parts, percent } from '../../format/number';
import { minute } from '../../format/time';
import { DECISIONS } from '../../format/words';
import { Trouble } from '../../parts/form';
import { useMay } from '../../session';
import { go, onward, toFeature } from '../../state/url';
import { diff } from '../../text/diff';

type Output = Schemas['OutputView'];

interface Props {
    output: Output;
    correct: boolean | null;
    mayLabel: boolean;
    problem: string | undefined;
    onLabel: (correct: boolean) => void;
    onNext: (() => void) | undefined;
}

export function Detail({ output, correct, mayLabel, problem, onLabel, onNext }: Props) {
    return (
        <article class="detail" aria-labelledby="output-title">
            <h2 id="output-title">{output.output_id}</h2>
            <p class="evidence">
                {output.feature !== null && <a href={toFeature(output.feature)}>{output.feature}</a>}
                {[output.version, output.model, output.variant].filter((part) => part !== null).map((part) => ` · ${part}`)} · {minute(output.shown_at)}
            </p>
            <div class="labelling" role="group" aria-label="Was it right?">
                <span>Was it right?</span>
                {([true, false] as const).map((value) => (
                    <button
                        key={String(value)}
                        type="button"
                        aria-pressed={correct === value}
                        disabled={!mayLabel}
                        onClick={() => onLabel(value)}
                    >
                        {value ? '✓ Right' : '✗ Wrong'}
                    </button>
                ))}
                <button type="button" disabled={onNext === undefined} onClick={onNext}>
                    Next
                </button>
                {!mayLabel && <span class="evidence">Labelling needs a key with the scope ingest.</span>}
                <span class="hidden" role="status">
                    {correct === null ? 'not judged' : correct ? 'judged right' : 'judged wrong'}
                </span>
            </div>
            <Trouble problem={problem} />
            <Facts output={output} correct={correct} />
            <Texts {...output} />
            {output.input !== null && <AddToEval id={output.output_id} />}
            <History id={output.output_id} />
        </article>
    );
}

/** A number in the unit of the app, whatever that is. */
function number(value: number | null): string | null {
    return value === null ? null : value.toLocaleString('en-US', { maximumSignificantDigits: 15 }).replace('-', '\u2212');
}

function Facts({ output, correct }: { output: Output; correct: boolean | null }) {
    const time = output.decision_ms === null ? undefined : parts({ value: output.decision_ms }, 'milliseconds').value;
    const facts: [string, string | null | undefined][] = [
        ['Decision', `${DECISIONS[output.decision]}${time === undefined ? '' : ` after ${time}`}`],
        ['Judged', correct === null ? 'not yet' : `${correct ? 'right' : 'wrong'}${output.judged_by === null ? '' : ` (${output.judged_by})`}`],
        ['Confidence', output.confidence === null ? null : percent(output.confidence)],
        ['Generated in', output.generation_ms === null ? null : parts({ value: output.generation_ms }, 'milliseconds').value],
        ['Changed', output.edit_distance === null ? null : percent(output.edit_distance)],
        ['Own number', number(output.initial_value)],
        ['Number of the AI', number(output.output_value)],
        ['Kept number', number(output.final_value)],
        ['Rating', output.rating === null ? null : fixed(output.rating, 1)],
        ['Reason', output.reason],
        ['Comment', output.comment],
        ['User', output.user_id],
        ...Object.entries(output.attributes),
    ];
    return (
        <dl class="facts">
            {facts.map(([name, value]) =>
                value === null || value === undefined ? null : (
                    <div key={name}>
                        <dt>{name}</dt>
                        <dd>{value}</dd>
                    </div>
                ),
            )}
        </dl>
    );
}

function Texts({ input, output, final }: Output) {
    if (input === null && output === null && final === null) {
        return <p class="none">No texts were sent with this output; only what was measured on them is known.</p>;
    }
    const changed = output !== null && final !== null && final !== output;
    return (
        <div class="texts">
            <Text title="Input" text={input} />
            {!changed && <Text title="Output" text={output} />}
            {changed && (
                <section>
                    <h3>Output, as the user changed it</h3>
                    <p class="text">
                        {diff(output, final).map((piece, at) =>
                            piece.kind === 'removed' ? (
                                <del key={at}>{piece.text}</del>
                            ) : piece.kind === 'added' ? (
                                <ins key={at}>{piece.text}</ins>
                            ) : (
                                <span key={at}>{piece.text}</span>
                            ),
                        )}
                    </p>
                </section>
            )}
            {output === null && <Text title="Final" text={final} />}
        </div>
    );
}

/** To the form that makes a case of the output, in the set that is chosen. */
function AddToEval({ id }: { id: string }) {
    const admin = useMay('admin');
    const { data } = useData('evals', () => api.get('/api/v1/evals'));
    if (!admin || data === undefined || data.data.length === 0) return null;
    return (
        <label>
            <span class="label">Make a case of it in</span>{' '}
            <select value="" onChange={(event) => go(onward('/evals', { set: event.currentTarget.value, make: 'yes', output: id }))}>
                <option value="">an eval set …</option>
                {data.data.map(({ name }) => (
                    <option key={name} value={name}>
                        {name}
                    </option>
                ))}
            </select>
        </label>
    );
}

function Text({ title, text }: { title: string; text: string | null }) {
    if (text === null) return null;
    return (
        <section>
            <h3>{title}</h3>
            <p class="text">{text}</p>
        </section>
    );
}

function History({ id }: { id: string }) {
    const data = fresh(useData(`output ${id}`, () => api.get('/api/v1/outputs/{output_id}', { path: { output_id: id } })));
    if (data === undefined) return null;
    return (
        <section>
            <h3>What happened</h3>
            <ol class="history">
                {data.history.map((event, at) => (
                    <li key={at}>
                        <time dateTime={event.occurred_at}>{minute(event.occurred_at)}</time> {event.type.replaceAll('_', ' ')}
                    </li>
                ))}
            </ol>
        </section>
    );
}

/** The form that makes cases from what users did. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { outdate, useData } from '../../api/data';
import { counted } from '../../format/number';
import { type Decision, DECISIONS } from '../../format/words';
import { useValues } from '../../parts/controls';
import { go, onward, usePlace } from '../../state/url';
import { told } from './attempt';
import { stratumName } from './words';

const BUILT_IN = ['decision', 'confidence', 'version', 'model', 'variant'];
const USUAL: Decision[] = ['edited', 'rejected'];

type Wish = Schemas['EvalFeedbackRequest'];

/** What the form asks for. */
export function wish(form: FormData, output: string | null): Wish {
    const texts = (name: string) => form.getAll(name).map(String);
    const [feature, reason] = ['feature', 'reason'].map((name) => String(form.get(name) ?? '').trim());
    const tags = String(form.get('tags') ?? '')
        .split(',')
        .map((tag) => tag.trim())
        .filter((tag) => tag !== '');
    return {
        decisions: texts('decisions') as Decision[],
        ...(feature ? { feature } : {}),
        ...(reason ? { reason } : {}),
        ...(output === null ? {} : { output_ids: [output] }),
        sample: Number(form.get('sample')),
        strata: texts('strata'),
        allocation: form.get('proportional') === null ? 'equal' : 'proportional',
        seed: Number(form.get('seed')),
        tags,
    };
}

export function Made({ set }: { set: string }) {
    const { params } = usePlace();
    const output = params.get('output');
    const features = useValues('feature');
    const project = useData('projects', () => api.get('/api/v1/projects'));
    const [look, setLook] = useState<{ body: Wish; answer: Schemas['EvalFeedbackResponse'] }>();
    const [problem, setProblem] = useState<string>();
    const path = { set };
    const ask = async (form: FormData) => {
        const body = wish(form, output);
        const answer = await told(
            () => api.post('/api/v1/evals/{set}/cases/from-feedback', { path, body: { ...body, dry_run: true } }),
            setProblem,
        );
        setLook(answer === undefined ? undefined : { body, answer });
    };
    const make = async (body: Wish) => {
        const made = await told(() => api.post('/api/v1/evals/{set}/cases/from-feedback', { path, body }), setProblem);
        if (made === undefined) return;
        outdate();
        go(onward('/evals', { set }), true);
    };
    const strata = [...BUILT_IN, ...(project.data?.data[0]?.dimensions ?? [])];
    return (
        <>
            <div class="title">
                <p class="crumb">
                    <a href={onward('/evals')}>Evals</a> / <a href={onward('/evals', { set })}>{set}</a>
                </p>
                <h1>Make cases from feedback</h1>
                <p class="lead">What users changed says what was expected. What they refused waits for you to say it.</p>
            </div>
            <form
                class="form"
                onInput={() => setLook(undefined)}
                onSubmit={(event) => {
                    event.preventDefault();
                    void ask(new FormData(event.currentTarget as HTMLFormElement));
                }}
            >
                {output === null ? (
                    <label>
                        Feature
                        <select name="feature">
                            <option value="">all</option>
                            {features?.map(({ value }) => value !== null && <option key={value}>{value}</option>)}
                        </select>
                    </label>
                ) : (
                    <p class="evidence">From one output: {output}</p>
                )}
                <Choice title="What became of it" name="decisions" all={Object.keys(DECISIONS)} chosen={output === null ? USUAL : Object.keys(DECISIONS)}>
                    {(name) => DECISIONS[name as Decision]}
                </Choice>
                <label>
                    Reason, if one
                    <input name="reason" maxLength={256} />
                </label>
                <Choice title="A sample of each" name="strata" all={strata} chosen={['decision']}>
                    {stratumName}
                </Choice>
                <label class="check">
                    <input name="proportional" type="checkbox" /> In proportion to how often it comes, instead of as many of each
                </label>
                <label>
                    Cases, at most
                    <input name="sample" type="number" min={1} max={1000} required defaultValue="100" />
                </label>
                <label>
                    Seed: another one draws others
                    <input name="seed" type="number" min={0} max={4294967295} required defaultValue="0" />
                </label>
                <label>
                    Tags for the cases, with commas between
                    <input name="tags" />
                </label>
                <button type="submit">See what it would make</button>
                {problem !== undefined && (
                    <p class="notice" role="alert">
                        {problem}
                    </p>
                )}
                {look !== undefined && <Look {...look.answer} names={look.body.strata ?? []} onMake={() => void make(look.body)} />}
            </form>
        </>
    );
}

interface ChoiceProps {
    title: string;
    name: string;
    all: string[];
    chosen: string[];
    children: (name: string) => string;
}

function Choice({ title, name, all, chosen, children }: ChoiceProps) {
    return (
        <fieldset>
            <legend>{title}</legend>
            {all.map((value) => (
                <label class="check" key={value}>
                    <input type="checkbox" name={name} value={value} defaultChecked={chosen.includes(value)} /> {children(value)}
                </label>
            ))}
        </fieldset>
    );
}

type LookProps = Schemas['EvalFeedbackResponse'] & { names: string[]; onMake: () => void };

function Look({ created, to_be_filled, looked_at, all_looked_at, duplicates, strata, names, onMake }: LookProps) {
    return (
        <div role="status">
            <p class="sentence">
                {counted(created, 'case')}, {to_be_filled} of them to be filled in, from {all_looked_at ? '' : 'the newest '}
                {counted(looked_at, 'output')}
                {duplicates > 0 && ` without ${counted(duplicates, 'duplicate')}`}.
            </p>
            {strata.length > 1 && (
                <div class="scroll" tabIndex={0} role="region" aria-label="Strata">
                    <table>
                        <thead>
                            <tr>
                                {[...names.map(stratumName), 'Drawn', 'Of'].map((title) => (
                                    <th scope="col" key={title}>
                                        {title}
                                    </th>
                                ))}
                            </tr>
                        </thead>
                        <tbody>
                            {strata.map((stratum) => (
                                <tr key={JSON.stringify(stratum.values)}>
                                    {stratum.values.map((value, at) => (
                                        <td key={at}>{value ?? '–'}</td>
                                    ))}
                                    <td>{stratum.drawn}</td>
                                    <td>{stratum.candidates}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            {created > 0 && (
                <button type="button" class="primary" onClick={onMake}>
                    Make {counted(created, 'case')}
                </button>
            )}
        </div>
    );
}

/** The form that makes cases from what users did. */

import { useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { outdate } from '../../api/data';
import { count, counted } from '../../format/number';
import { type Decision, DECISIONS } from '../../format/words';
import { Heads } from '../../parts/cards';
import { FeatureField } from '../../parts/fields';
import { Form, Trouble, useAttempt } from '../../parts/form';
import { useProject } from '../../parts/project';
import { Title } from '../../parts/title';
import { list, text } from '../../parts/values';
import { go, onward, usePlace } from '../../state/url';
import { withinSet } from './above';
import { stratumName } from './words';

const BUILT_IN = ['decision', 'confidence', 'version', 'model', 'variant'];
const USUAL: Decision[] = ['edited', 'rejected'];

type Wish = Schemas['EvalFeedbackRequest'];

/** What the form asks for. */
function wish(form: FormData, output: string | null): Wish {
    const texts = (name: string) => form.getAll(name).map(String);
    const [feature, reason] = ['feature', 'reason'].map((name) => text(form, name));
    return {
        decisions: texts('decisions') as Decision[],
        ...(feature ? { feature } : {}),
        ...(reason ? { reason } : {}),
        ...(output === null ? {} : { output_ids: [output] }),
        sample: Number(form.get('sample')),
        strata: texts('strata'),
        allocation: form.get('proportional') === null ? 'equal' : 'proportional',
        seed: Number(form.get('seed')),
        tags: list(form, 'tags'),
    };
}

export function MakeCases({ set }: { set: string }) {
    const { params } = usePlace();
    const output = params.get('output');
    const declared = useProject()?.dimensions ?? [];
    const [look, setLook] = useState<{ body: Wish; answer: Schemas['EvalFeedbackResponse'] }>();
    const { attempt, busy, problem } = useAttempt();
    const path = { set };
    const ask = (form: HTMLFormElement) =>
        void attempt(async () => {
            const body = wish(new FormData(form), output);
            setLook(undefined);
            const answer = await api.post('/api/v1/evals/{set}/cases/from-feedback', { path, body: { ...body, dry_run: true } });
            setLook({ body, answer });
        });
    const make = (body: Wish) =>
        void attempt(async () => {
            await api.post('/api/v1/evals/{set}/cases/from-feedback', { path, body });
            outdate();
            go(onward('/evals', { set }), true);
        });
    return (
        <>
            <Title above={withinSet(set)} lead="What users changed says what was expected. What they refused waits for you to say it.">
                Make cases from feedback
            </Title>
            <Form onInput={() => setLook(undefined)} onSubmit={ask}>
                {output === null ? (
                    <FeatureField all="all" />
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
                <Choice title="A sample of each" name="strata" all={[...BUILT_IN, ...declared]} chosen={['decision']}>
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
                <button type="submit" disabled={busy}>
                    See what it would make
                </button>
                <Trouble problem={problem} />
                {look !== undefined && <Look {...look.answer} names={look.body.strata ?? []} onMake={() => make(look.body)} />}
            </Form>
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
                {counted(created, 'case')}, {count(to_be_filled)} of them to be filled in, from {all_looked_at ? '' : 'the newest '}
                {counted(looked_at, 'output')}
                {duplicates > 0 && ` without ${counted(duplicates, 'duplicate')}`}.
            </p>
            {strata.length > 1 && (
                <div class="scroll" tabIndex={0} role="region" aria-label="Strata">
                    <table>
                        <thead>
                            <tr>
                                <Heads of={[...names.map(stratumName), 'Drawn', 'Of']} />
                            </tr>
                        </thead>
                        <tbody>
                            {strata.map((stratum) => (
                                <tr key={JSON.stringify(stratum.values)}>
                                    {stratum.values.map((value, at) => (
                                        <td key={at}>{value ?? '–'}</td>
                                    ))}
                                    <td>{count(stratum.drawn)}</td>
                                    <td>{count(stratum.candidates)}</td>
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

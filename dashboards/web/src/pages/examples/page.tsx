/** Reading real outputs with what people did, and labelling them right or wrong. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { api, detailOf, Problem, type QueryOf, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { minute } from '../../format/time';
import { DECISIONS } from '../../format/words';
import { Controls } from '../../parts/controls';
import { Pages } from '../../parts/pages';
import { Await, Empty } from '../../parts/states';
import { Title } from '../../parts/title';
import { useMay, useSession } from '../../session';
import { useScope } from '../../state/scope';
import { set, usePlace } from '../../state/url';
import { Detail } from './detail';
import { Download } from './download';
import { Search, SEARCHED } from './search';

type Output = Schemas['OutputView'];

const PAGE = 50;

export function Examples() {
    const { scope, params } = useScope();
    const own = Object.fromEntries(SEARCHED.flatMap((name) => (params.has(name) ? [[name, params.get(name)]] : [])));
    const query = { ...scope, ...own, limit: PAGE } as QueryOf<'/api/v1/outputs'>;
    const found = useData(`outputs ${JSON.stringify(query)}`, () => api.get('/api/v1/outputs', { query }));
    return (
        <>
            <Title lead="The outputs behind the numbers, newest first.">Examples</Title>
            <Controls without={['feature', 'version']} />
            <Search />
            <Download query={query} />
            <Await of={found} lines={14}>
                {({ data, next_cursor }) => (data.length === 0 ? <NoneFound /> : <Reader outputs={data} next={next_cursor} />)}
            </Await>
        </>
    );
}

function NoneFound() {
    return (
        <Empty title="No output is like that">
            Look in a longer time, or leave out a condition. <a href="/examples?range=all">All outputs</a>
        </Empty>
    );
}

/** What was said here and may not be in the numbers yet. */
type Labels = ReadonlyMap<string, boolean>;

function Reader({ outputs, next }: { outputs: Output[]; next: string | null }) {
    const { params } = usePlace();
    const session = useSession();
    const mayLabel = useMay('ingest');
    const [labels, setLabels] = useState<Labels>(new Map());
    const [problem, setProblem] = useState<string>();
    const wanted = params.get('output');
    const at = Math.max(
        0,
        outputs.findIndex((output) => output.output_id === wanted),
    );
    const shown = outputs[at];
    const show = (number: number) => {
        const output = outputs[Math.max(0, Math.min(outputs.length - 1, number))];
        if (output !== undefined) set({ output: output.output_id }, true);
    };
    const label = async (correct: boolean) => {
        if (shown === undefined || !mayLabel) return;
        const { output_id } = shown;
        setProblem(undefined);
        try {
            const body = { type: 'judge', output_id, correct, source: 'human', judge: session.key.name } as const;
            const answer = await api.post('/api/v1/events', { body });
            const refused = answer.results.find((result) => result.status === 'rejected');
            if (refused !== undefined) throw new Problem(207, 'rejected', refused.message ?? 'The judgement was refused.');
            setLabels((before) => new Map(before).set(output_id, correct));
        } catch (error) {
            // Whoever labels fast is at another output by now.
            setProblem(`${output_id}: ${detailOf(error)}`);
        }
    };
    useKeys({ j: () => show(at + 1), k: () => show(at - 1), r: () => void label(true), w: () => void label(false) });
    const correctness = (output: Output) => labels.get(output.output_id) ?? output.correct;
    return (
        <div class="reader">
            <nav class="outputs" aria-label="Outputs">
                <p class="foot keys">
                    <kbd>j</kbd> next, <kbd>k</kbd> previous
                    {mayLabel && (
                        <>
                            , <kbd>r</kbd> right, <kbd>w</kbd> wrong
                        </>
                    )}
                </p>
                <ol>
                    {outputs.map((output, number) => (
                        <Item
                            key={output.output_id}
                            output={output}
                            correct={correctness(output)}
                            chosen={number === at}
                            onChoose={() => show(number)}
                        />
                    ))}
                </ol>
                <Pages next={next} first="Newest" more="Older" />
            </nav>
            {shown !== undefined && (
                <Detail
                    output={shown}
                    correct={correctness(shown)}
                    mayLabel={mayLabel}
                    problem={problem}
                    onLabel={(correct) => void label(correct)}
                    onNext={at + 1 < outputs.length ? () => show(at + 1) : undefined}
                />
            )}
        </div>
    );
}

interface ItemProps {
    output: Output;
    correct: boolean | null;
    chosen: boolean;
    onChoose: () => void;
}

function Item({ output, correct, chosen, onChoose }: ItemProps) {
    const ref = useRef<HTMLLIElement>(null);
    useEffect(() => {
        if (chosen) ref.current?.scrollIntoView({ block: 'nearest' });
    }, [chosen]);
    const text = output.output ?? output.final ?? output.input;
    return (
        <li ref={ref}>
            <button type="button" aria-current={chosen ? 'true' : undefined} onClick={onChoose}>
                <span class="snippet">{text === null || text === '' ? output.output_id : text.slice(0, 120)}</span>
                <span class="evidence">
                    {DECISIONS[output.decision]}
                    {correct !== null && (correct ? ' · ✓ right' : ' · ✗ wrong')} · {minute(output.shown_at)}
                </span>
            </button>
        </li>
    );
}

/** Single keys, unless something is being typed or chosen. */
function useKeys(keys: Record<string, () => void>): void {
    const current = useRef(keys);
    current.current = keys;
    useEffect(() => {
        const listener = (event: KeyboardEvent) => {
            const isTyping = event.target instanceof Element && event.target.closest('input, select, textarea') !== null;
            if (isTyping || event.metaKey || event.ctrlKey || event.altKey) return;
            current.current[event.key]?.();
        };
        addEventListener('keydown', listener);
        return () => removeEventListener('keydown', listener);
    }, []);
}

/** What people change in what they take: kinds of edits, and the phrases that many of them delete, insert and replace. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { count, counted, parts } from '../../format/number';
import { minute } from '../../format/time';
import { Written } from '../../parts/estimate';
import { Await, Empty, Silence } from '../../parts/states';
import { Explained } from '../../parts/term';
import { useScope } from '../../state/scope';
import { onward } from '../../state/url';

type Answer = Schemas['EditsResponse'];
type Change = Schemas['PhraseChange'];

const KINDS: Record<Schemas['EditKind'], string> = {
    reformatted: 'Reformatted',
    corrected: 'Corrected',
    shortened: 'Shortened',
    lengthened: 'Lengthened',
    reworded: 'Reworded',
};
const LISTS = [
    { list: 'deleted', title: 'Deleted', verb: 'deleted', of: 'of the outputs that had it' },
    { list: 'replaced', title: 'Replaced', verb: 'replaced', of: 'of the outputs that had it' },
    { list: 'inserted', title: 'Inserted', verb: 'inserted', of: 'of the edited outputs' },
] as const;
/** Phrases of each list that are shown. */
const MOST = 8;

export function Edits({ feature }: { feature: string }) {
    const { scope } = useScope();
    const load = () => api.get('/api/v1/features/{feature}/edits', { path: { feature }, query: { ...scope, limit: MOST } });
    const found = useData(`edits ${feature} ${JSON.stringify(scope)}`, load, 'analyses');
    return (
        <Await of={found}>
            {(answer) => {
                if (answer.meta.read.reason === 'texts_not_stored') {
                    return <Empty title="No texts are kept">This project stores no texts, so that what people change in them is not known.</Empty>;
                }
                return (answer.data.edited.numerator ?? 0) === 0 ? <Silence /> : <Found {...answer} />;
            }}
        </Await>
    );
}

function Found({ feature, data, meta }: Answer) {
    const lists = LISTS.filter(({ list }) => data[list].length > 0);
    return (
        <>
            <p class="sentence">
                <Written {...parts(data.edited, 'share')} /> of the outputs taken were changed:{' '}
                {count(data.edited.numerator ?? 0)} of {count(data.edited.n)}.
            </p>
            <dl class="facts">
                {data.kinds.map(({ kind, rule, share, examples }) =>
                    share.numerator === 0 ? null : (
                        <div key={kind}>
                            <dt>
                                <Explained text={`${rule[0]?.toUpperCase()}${rule.slice(1)}.`}>{KINDS[kind]}</Explained>
                            </dt>
                            <dd>
                                <a href={toOutputs(feature, examples)}>
                                    <Written {...parts(share, 'share')} />
                                </a>
                                <span class="evidence">{counted(share.numerator ?? 0, 'output')}</span>
                            </dd>
                        </div>
                    ),
                )}
            </dl>
            {lists.length === 0 && <p class="none">No two people changed the same words.</p>}
            <div class="phrases">
                {lists.map(({ list, title, verb, of }) => (
                    <section key={list} aria-label={title}>
                        <h3>{title}</h3>
                        <ol>
                            {data[list].map((change) => (
                                <Row key={`${change.from} ${change.to}`} change={change} feature={feature} verb={verb} of={of} />
                            ))}
                        </ol>
                    </section>
                ))}
            </div>
            <p class="foot">
                {meta.read.complete || meta.read.oldest === null
                    ? `From the texts of ${counted(meta.read.outputs, 'output')}.`
                    : `From the texts of the newest ${counted(meta.read.outputs, 'output')}, back to ${minute(meta.read.oldest)}.`}{' '}
                A phrase is told when two people or more changed it.
            </p>
        </>
    );
}

function Row({ change, feature, verb, of }: { change: Change; feature: string; verb: string; of: string }) {
    const share = parts(change.share, 'share');
    return (
        <li>
            <a href={toOutputs(feature, change.examples)}>
                {change.from !== null && <del>{change.from}</del>} {change.to !== null && <ins>{change.to}</ins>}
            </a>
            <span class="evidence" title={`${verb} in ${share.value} ${share.interval} ${of}`}>
                {counted(change.outputs, 'output')}
                {change.users > 0 && ` · ${counted(change.users, 'user')}`} · {share.value} {of}
            </span>
        </li>
    );
}

/** The outputs behind a number. */
export function toOutputs(feature: string, examples: string[]): string {
    return onward('/examples', { feature, output_ids: JSON.stringify(examples) });
}

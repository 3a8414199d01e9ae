/** Why people reject: the reasons that they give, and the words of outputs that they reject more than they take. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { count, counted, parts, withInterval } from '../../format/number';
import { Cards } from '../../parts/cards';
import { Estimate, Written } from '../../parts/estimate';
import { Await, Silence } from '../../parts/states';
import { Explained } from '../../parts/term';
import { useScope } from '../../state/scope';
import { onward } from '../../state/url';
import { toOutputs } from './edits';

type Slice = Schemas['ReasonsSlice'];
type Marked = Schemas['MarkedWord'];

/** Reasons, and words on each side, that are shown. */
const MOST = 12;

export function Reasons({ feature }: { feature: string }) {
    const { scope } = useScope();
    const query = { ...scope, limit: MOST };
    const key = `${feature} ${JSON.stringify(query)}`;
    const byVersion = { ...query, group_by: 'version' };
    const reasons = useData(`reasons ${key}`, () => api.get('/api/v1/features/{feature}/reasons', { path: { feature }, query: byVersion }), 'analyses');
    const words = useData(`words ${key}`, () => api.get('/api/v1/features/{feature}/words', { path: { feature }, query }), 'analyses');
    return (
        <Await of={reasons}>
            {({ data, total }) => {
                const marks = words.data?.data;
                const hasReasons = total !== null && total.reasons.length > 0;
                const hasWords = marks !== undefined && marks.worse.length + marks.better.length > 0;
                if (!hasReasons && !hasWords) return words.pending && words.problem === undefined ? <div class="unseen" /> : <Silence />;
                return (
                    <>
                        {hasReasons && <Given slice={total} versions={data} feature={feature} />}
                        {hasWords && (
                            <div class="phrases">
                                <Words title="Words of what is rejected" words={marks.worse} feature={feature} />
                                <Words title="Words of what is taken" words={marks.better} feature={feature} />
                            </div>
                        )}
                    </>
                );
            }}
        </Await>
    );
}

/** ` · all of version 2.2` of a reason that is given against one version of several: it may be of the past. */
function ofOne(reason: string, versions: Slice[]): string {
    const named = versions.filter(({ reasons }) => reasons.some((own) => own.reason === reason));
    // A version that has more reasons than are shown may have this one too.
    const isAll = versions.every(({ others }) => others.reasons === 0);
    const version = named.length === 1 && versions.length > 1 && isAll ? named[0]?.group['version'] : undefined;
    return version == null ? '' : ` · all of version ${version}`;
}

function Given({ slice, versions, feature }: { slice: Slice; versions: Slice[]; feature: string }) {
    const moves = slice.reasons.some(({ change }) => change !== null && change.lower !== null);
    return (
        <>
            <p class="sentence">
                {withInterval(slice.explained, 'share')} of the outputs that people rejected say why: {count(slice.explained.numerator ?? 0)} of{' '}
                {count(slice.explained.n)}.
            </p>
            <Cards
                label="Reasons"
                heads={
                    <>
                        <th scope="col">Reason</th>
                        <th scope="col">Of what was rejected</th>
                        <th scope="col">Of what was shown</th>
                        {moves && (
                            <th scope="col">
                                <Explained text="The share of what was shown, minus that of the period of the same length before.">
                                    Since before
                                </Explained>
                            </th>
                        )}
                    </>
                }
            >
                {slice.reasons.map(({ reason, outputs, users, share_of_rejected, share_of_shown, change }) => (
                    <tr key={reason}>
                        <th scope="row">
                            <a href={onward('/examples', { feature, reason })}>{reason}</a>
                            <span class="evidence">
                                {counted(outputs, 'output')}
                                {users > 0 && ` · ${counted(users, 'user')}`}
                                {ofOne(reason, versions)}
                            </span>
                        </th>
                        <td data-label="Of what was rejected">
                            <Estimate value={share_of_rejected} bare />
                        </td>
                        <td data-label="Of what was shown">
                            <Estimate value={share_of_shown} bare />
                        </td>
                        {moves && (
                            <td data-label="Since before">
                                {change === null || change.lower === null ? (
                                    <span class="none">cannot tell</span>
                                ) : (
                                    <Written {...parts(change, 'share_difference')} />
                                )}
                            </td>
                        )}
                    </tr>
                ))}
            </Cards>
            {slice.others.reasons > 0 && (
                <p class="foot">
                    {counted(slice.others.reasons, 'more reason')} on {counted(slice.others.outputs, 'output')}.
                </p>
            )}
        </>
    );
}

function Words({ title, words, feature }: { title: string; words: Marked[]; feature: string }) {
    if (words.length === 0) return null;
    return (
        <section aria-label={title}>
            <h3>{title}</h3>
            <ol>
                {words.map(({ word, worse_outputs, better_outputs, log_odds, examples }) => (
                    <li key={word}>
                        <a href={toOutputs(feature, examples)}>{word}</a>
                        <span class="evidence">
                            {count(worse_outputs)} rejected, {count(better_outputs)} taken
                            {(log_odds.users ?? 0) > 0 && ` · ${counted(log_odds.users ?? 0, 'user')}`}
                        </span>
                    </li>
                ))}
            </ol>
        </section>
    );
}

/** What outputs are looked for by, besides time and dimensions. */

import { DECISIONS, type Decision } from '../../format/words';
import { useValues } from '../../parts/controls';
import { set, usePlace } from '../../state/url';

/** Parameters of the address that the list takes as they are. */
export const SEARCHED = [
    'feature',
    'version',
    'decision',
    'correct',
    'judged',
    'reason',
    'user_id',
    'confidence_from',
    'confidence_to',
    'text',
    'comment',
    'output_ids',
    'cursor',
] as const;

/** Parameters that are shown as something to take away. */
const CHIPS = ['version', 'reason', 'user_id', 'confidence_from', 'confidence_to', 'output_ids'] as const;

const JUDGED = [
    ['', 'any'],
    ['correct=true', 'right'],
    ['correct=false', 'wrong'],
    ['judged=false', 'not judged'],
] as const;

/** A change of the search starts at its first page. */
const change = (what: Parameters<typeof set>[0]) => set({ ...what, cursor: null, output: null });

export function Search() {
    const { params } = usePlace();
    const features = useValues('feature');
    const feature = params.get('feature');
    const judged = JUDGED.find(([name]) => name !== '' && params.get(name.split('=')[0]!) === name.split('=')[1])?.[0] ?? '';
    return (
        <form
            class="controls"
            role="search"
            onSubmit={(event) => {
                event.preventDefault();
                const form = new FormData(event.currentTarget as HTMLFormElement);
                change({ text: String(form.get('text') ?? ''), comment: String(form.get('comment') ?? '') });
            }}
        >
            <label>
                <span class="label">Feature</span>
                <select value={feature ?? ''} onChange={(event) => change({ feature: event.currentTarget.value, version: null })}>
                    <option value="">all</option>
                    {feature !== null && features?.every(({ value }) => value !== feature) && <option value={feature}>{feature}</option>}
                    {features?.map(({ value }) => (
                        <option key={value} value={value ?? ''}>
                            {value}
                        </option>
                    ))}
                </select>
            </label>
            <label>
                <span class="label">Decision</span>
                <select value={params.get('decision') ?? ''} onChange={(event) => change({ decision: event.currentTarget.value })}>
                    <option value="">any</option>
                    {(Object.keys(DECISIONS) as Decision[]).map((decision) => (
                        <option key={decision} value={decision}>
                            {DECISIONS[decision]}
                        </option>
                    ))}
                </select>
            </label>
            <label>
                <span class="label">Judged</span>
                <select
                    value={judged}
                    onChange={(event) => {
                        const [name, value] = event.currentTarget.value.split('=');
                        change({ correct: null, judged: null, ...(name ? { [name]: value } : {}) });
                    }}
                >
                    {JUDGED.map(([name, words]) => (
                        <option key={name} value={name}>
                            {words}
                        </option>
                    ))}
                </select>
            </label>
            <label>
                <span class="label">Text</span>
                <input type="search" name="text" maxLength={200} defaultValue={params.get('text') ?? ''} key={params.get('text')} />
            </label>
            <label>
                <span class="label">Comment</span>
                <input type="search" name="comment" maxLength={200} defaultValue={params.get('comment') ?? ''} key={params.get('comment')} />
            </label>
            <button type="submit">Search</button>
            {CHIPS.map((name) => {
                const value = params.get(name);
                return value === null ? null : (
                    <button key={name} type="button" class="chip" aria-label={`Remove ${name} ${value}`} onClick={() => change({ [name]: null })}>
                        {name === 'output_ids' ? 'chosen outputs' : `${name.replace('_', ' ')} ${value}`} <span aria-hidden="true">×</span>
                    </button>
                );
            })}
        </form>
    );
}

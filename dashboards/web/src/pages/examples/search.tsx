/** What outputs are looked for by, besides time and dimensions. */

import { DECISIONS } from '../../format/words';
import { Chip } from '../../parts/controls';
import { Form } from '../../parts/form';
import { asNamed, Picker } from '../../parts/picker';
import { useFeatures } from '../../parts/project';
import { text } from '../../parts/values';
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
    const features = useFeatures().data;
    const conditions = params.toString().split('&');
    const judged = JUDGED.find(([condition]) => conditions.includes(condition))?.[0] ?? '';
    return (
        <Form
            class="controls"
            role="search"
            onSubmit={(form) => {
                const values = new FormData(form);
                change({ text: text(values, 'text'), comment: text(values, 'comment') });
            }}
        >
            <Picker
                label="Feature"
                value={params.get('feature') ?? ''}
                options={[['', 'all'], ...asNamed(features, params.get('feature') ?? undefined)]}
                onPick={(feature) => change({ feature, version: null })}
            />
            <Picker
                label="Decision"
                value={params.get('decision') ?? ''}
                options={[['', 'any'], ...Object.entries(DECISIONS)]}
                onPick={(decision) => change({ decision })}
            />
            <Picker
                label="Judged"
                value={judged}
                options={JUDGED}
                onPick={(chosen) => {
                    const [name = '', value] = chosen.split('=');
                    change({ correct: null, judged: null, ...(name === '' ? {} : { [name]: value }) });
                }}
            />
            {(['text', 'comment'] as const).map((name) => (
                <label key={name}>
                    <span class="label">{name === 'text' ? 'Text' : 'Comment'}</span>
                    <input type="search" name={name} maxLength={200} defaultValue={params.get(name) ?? ''} key={params.get(name)} />
                </label>
            ))}
            <button type="submit">Search</button>
            {CHIPS.map((name) => {
                const value = params.get(name);
                return value === null ? null : (
                    <Chip key={name} label={`Remove ${name} ${value}`} onRemove={() => change({ [name]: null })}>
                        {name === 'output_ids' ? 'chosen outputs' : `${name.replace('_', ' ')} ${value}`}
                    </Chip>
                );
            })}
        </Form>
    );
}

/** What a page is about: time range, periods of a change, filters. All of it is in the address. */

import { useState } from 'preact/hooks';
import { api } from '../api/client';
import { useData } from '../api/data';
import { dimensionName, segment } from '../format/words';
import { conditions, type Condition, write } from '../state/filter';
import { CHANGES, DEFAULT_RANGE, RANGES } from '../state/range';
import { useScope } from '../state/scope';
import { set, usePlace } from '../state/url';

const BUILT_IN = ['feature', 'version', 'model', 'prompt_version', 'variant', 'environment'];

interface Props {
    /** Whether the page shows a change between two periods. */
    withChange?: boolean;
    /** Dimensions that the page fixes itself. */
    without?: string[];
}

export function Controls({ withChange = false, without = [] }: Props) {
    return (
        <div class="controls" role="group" aria-label="What is shown">
            <RangePicker />
            {withChange && <ChangePicker />}
            <Filters without={without} />
        </div>
    );
}

function RangePicker() {
    const { params } = usePlace();
    const isOwn = params.has('from') || params.has('to');
    const [open, setOpen] = useState(isOwn);
    const chosen = isOwn || open ? 'own' : (params.get('range') ?? DEFAULT_RANGE);
    const choose = (name: string) => {
        setOpen(name === 'own');
        if (name !== 'own') set({ range: name === DEFAULT_RANGE ? null : name, from: null, to: null, cursor: null });
    };
    return (
        <>
            <label>
                <span class="label">Time</span>
                <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
                    {RANGES.map(([name, words]) => (
                        <option key={name} value={name}>
                            {words}
                        </option>
                    ))}
                    <option value="own">Between days …</option>
                </select>
            </label>
            {(isOwn || open) && (
                <>
                    {(['from', 'to'] as const).map((end) => (
                        <label key={end}>
                            <span class="label">{end === 'from' ? 'First day' : 'Last day'}</span>
                            <input
                                type="date"
                                value={params.get(end) ?? ''}
                                onChange={(event) => set({ [end]: event.currentTarget.value, range: null, cursor: null })}
                            />
                        </label>
                    ))}
                </>
            )}
        </>
    );
}

function ChangePicker() {
    const { params } = usePlace();
    return (
        <label>
            <span class="label">Change</span>
            <select
                value={params.get('change') ?? '7d'}
                onChange={(event) => set({ change: event.currentTarget.value === '7d' ? null : event.currentTarget.value })}
            >
                {CHANGES.map(([name, words]) => (
                    <option key={name} value={name}>
                        {words}
                    </option>
                ))}
            </select>
        </label>
    );
}

function Filters({ without }: { without: string[] }) {
    const { params } = usePlace();
    const [dimension, setDimension] = useState('');
    const project = useData('projects', () => api.get('/api/v1/projects'));
    const names = [...BUILT_IN, ...(project.data?.data[0]?.dimensions ?? [])].filter((name) => !without.includes(name));
    const all = conditions(params);
    const write_ = (next: Condition[]) => set({ filter: next.map(write), cursor: null });
    const add = (condition: Condition) => {
        setDimension('');
        if (!all.some((known) => write(known) === write(condition))) write_([...all, condition]);
    };
    return (
        <>
            <label>
                <span class="label">Filter</span>
                <select value={dimension} onChange={(event) => setDimension(event.currentTarget.value)}>
                    <option value="">by …</option>
                    {names.map((name) => (
                        <option key={name} value={name}>
                            {dimensionName(name)}
                        </option>
                    ))}
                </select>
            </label>
            {dimension !== '' && <ValuePicker dimension={dimension} onPick={(value) => add({ dimension, value })} />}
            {all.map((condition) => (
                <button
                    key={write(condition)}
                    type="button"
                    class="chip"
                    aria-label={`Remove the filter ${segment(condition.dimension, condition.value)}`}
                    onClick={() => write_(all.filter((known) => known !== condition))}
                >
                    {segment(condition.dimension, condition.value)} <span aria-hidden="true">×</span>
                </button>
            ))}
        </>
    );
}

function ValuePicker({ dimension, onPick }: { dimension: string; onPick: (value: string | null) => void }) {
    const values = useValues(dimension);
    return (
        <label>
            <span class="label">{dimensionName(dimension)}</span>
            <select
                value=""
                disabled={values === undefined}
                onChange={(event) => {
                    const at = Number(event.currentTarget.value);
                    const chosen = values?.[at];
                    if (chosen !== undefined) onPick(chosen.value);
                }}
            >
                <option value="">{values === undefined ? 'loading …' : 'is …'}</option>
                {values?.map(({ value, shown }, at) => (
                    <option key={at} value={at}>
                        {value ?? '(none)'} ({shown})
                    </option>
                ))}
            </select>
        </label>
    );
}

/** The values of a dimension in the range of the page, the most frequent first. */
export function useValues(dimension: string, feature?: string): { value: string | null; shown: number }[] | undefined {
    const { scope } = useScope();
    const range = { ...(scope.from ? { from: scope.from } : {}), ...(scope.to ? { to: scope.to } : {}) };
    const filters = feature === undefined ? [] : [{ dimension: 'feature', op: 'eq' as const, value: feature }];
    const body = { metrics: ['shown'], group_by: [dimension], filters, ...range };
    const found = useData(`values ${JSON.stringify(body)}`, () => api.post('/api/v1/query', { body }));
    return found.data?.data
        .map((row) => ({ value: row.group[dimension] ?? null, shown: row.metrics['shown']?.value ?? 0 }))
        .sort((one, other) => other.shown - one.shown)
        .slice(0, 200);
}

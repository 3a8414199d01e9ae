/** What a page is about: time range, periods of a change, filters. All of it is in the address. */

import { useState } from 'preact/hooks';
import { fresh } from '../api/data';
import { count } from '../format/number';
import { dimensionName, segment } from '../format/words';
import { conditions, type Condition, write } from '../state/filter';
import { CHANGES, DEFAULT_CHANGE, DEFAULT_RANGE, RANGES } from '../state/range';
import { set, usePlace } from '../state/url';
import { Picker } from './picker';
import { useDimensions, useValues } from './project';

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
            <Picker label="Time" value={chosen} options={[...RANGES, ['own', 'Between days …']]} onPick={choose} />
            {(isOwn || open) &&
                (['from', 'to'] as const).map((end) => (
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
    );
}

function ChangePicker() {
    const { params } = usePlace();
    const choose = (name: string) => set({ change: name === DEFAULT_CHANGE ? null : name });
    return <Picker label="Change" value={params.get('change') ?? DEFAULT_CHANGE} options={CHANGES} onPick={choose} />;
}

function Filters({ without }: { without: string[] }) {
    const { params } = usePlace();
    const [dimension, setDimension] = useState('');
    const names = ['feature', ...useDimensions()].filter((name) => !without.includes(name));
    const all = conditions(params);
    const keep = (next: Condition[]) => set({ filter: next.map(write), cursor: null });
    const add = (condition: Condition) => {
        setDimension('');
        if (!all.some((known) => write(known) === write(condition))) keep([...all, condition]);
    };
    return (
        <>
            <Picker
                label="Filter"
                value={dimension}
                options={[['', 'by …'], ...names.map((name) => [name, dimensionName(name)] as const)]}
                onPick={setDimension}
            />
            {dimension !== '' && <ValuePicker dimension={dimension} onPick={(value) => add({ dimension, value })} />}
            {all.map((condition) => (
                <Chip
                    key={write(condition)}
                    label={`Remove the filter ${segment(condition.dimension, condition.value)}`}
                    onRemove={() => keep(all.filter((known) => known !== condition))}
                >
                    {segment(condition.dimension, condition.value)}
                </Chip>
            ))}
        </>
    );
}

function ValuePicker({ dimension, onPick }: { dimension: string; onPick: (value: string | null) => void }) {
    const found = useValues(dimension);
    const known = fresh(found) ?? [];
    const prompt = !found.pending ? 'is …' : found.problem === undefined ? 'loading …' : 'not available';
    return (
        <Picker
            label={dimensionName(dimension)}
            value=""
            disabled={found.pending}
            // A value may be anything, so that its place stands for it.
            options={[['', prompt], ...known.map(({ value, shown }, at) => [String(at), `${value ?? '(none)'} (${count(shown)})`] as const)]}
            onPick={(at) => {
                const chosen = known[Number(at)];
                if (at !== '' && chosen !== undefined) onPick(chosen.value);
            }}
        />
    );
}

interface ChipProps {
    /** What taking it away does. */
    label: string;
    onRemove: () => void;
    children: string;
}

/** Something that narrows what is shown, to take away. */
export function Chip({ label, onRemove, children }: ChipProps) {
    return (
        <button type="button" class="chip" aria-label={label} onClick={onRemove}>
            {children} <span aria-hidden="true">×</span>
        </button>
    );
}

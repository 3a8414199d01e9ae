/** A choice of one thing among some, with what it is about above it. */

import { useCatalogue } from './catalogue';

/** What the address says and how it reads. */
type Option = readonly [value: string, words: string];

interface Props {
    label: string;
    value: string;
    options: readonly Option[];
    onPick: (value: string) => void;
    disabled?: boolean;
}

export function Picker({ label, value, options, onPick, disabled = false }: Props) {
    return (
        <label>
            <span class="label">{label}</span>
            <select value={value} disabled={disabled} onChange={(event) => onPick(event.currentTarget.value)}>
                {options.map(([value, words]) => (
                    <option key={value} value={value}>
                        {words}
                    </option>
                ))}
            </select>
        </label>
    );
}

/** Names that are said as they are, with the chosen one among them even where it is not known. */
export function asNamed(names: readonly string[] = [], chosen?: string): Option[] {
    const all = chosen === undefined || names.includes(chosen) ? names : [chosen, ...names];
    return all.map((name) => [name, name]);
}

/** A choice among some metrics of the catalogue. */
export function MetricPicker({ of, value, onPick }: Pick<Props, 'value' | 'onPick'> & { of: readonly string[] }) {
    const catalogue = useCatalogue();
    return <Picker label="Metric" value={value} options={of.map((id) => [id, catalogue.get(id)?.title ?? id])} onPick={onPick} />;
}

/** What a comparison is asked for besides its sides, out of the way of whoever does not ask. */

import { useId, useState } from 'preact/hooks';
import { useCatalogue } from '../../parts/catalogue';
import { Chip } from '../../parts/controls';
import { inPoints } from '../../parts/fields';
import { Picker } from '../../parts/picker';
import { set } from '../../state/url';
import { type Asked, chosen, METRICS, NUMBERS } from './asked';

type Name = keyof typeof NUMBERS;

const CLEARED = { margin: null, share: null, before: null, users: null, metric: null };

export function Options(asked: Asked) {
    const said = chosen(asked);
    return (
        <details class="options">
            <summary>Options{said.length > 0 && `: ${said.join(', ')}`}</summary>
            <div class="choices" role="group" aria-label="Options">
                <Choice name="margin" label="Least difference worth having, in points" value={asked.margin} step="any">
                    What is surely smaller is no difference worth having, and the users still needed are as many as would show one as large.
                </Choice>
                <Choice name="share" label="Users planned for the candidate, in %" value={asked.share} step="any">
                    If users were assigned at random: when their shares are not those planned, something went wrong and a warning says so.
                </Choice>
                <Choice name="before" label="Days before that take off noise" value={asked.before} step="1">
                    What the same users did in so many days before the range explains part of how they differ, and narrows the intervals (CUPED).
                </Choice>
                <Choice name="users" label="Users planned" value={asked.users} step="1">
                    The interval of all looks is narrowest at about so many users; choose it before the first look and leave it.
                </Choice>
                <Metrics chosen={asked.metrics} />
            </div>
            {said.length > 0 && (
                <button type="button" onClick={() => set(CLEARED)}>
                    Reset
                </button>
            )}
        </details>
    );
}

interface ChoiceProps {
    name: Name;
    label: string;
    value: number | undefined;
    step: string;
    /** What it does, in a sentence. */
    children: string;
}

function Choice({ name, label, value, step, children }: ChoiceProps) {
    const help = useId();
    // What is being typed stays while the page around it is drawn again.
    const [typed, setTyped] = useState<string>();
    const { min, max, usual } = NUMBERS[name];
    const keep = (field: HTMLInputElement) => {
        if (!field.reportValidity()) return;
        setTyped(undefined);
        set({ [name]: field.value === String(usual) ? null : field.value });
    };
    return (
        <div>
            <label>
                <span class="label">{label}</span>
                <input
                    type="number"
                    {...{ min, max, step }}
                    value={typed ?? value ?? ''}
                    aria-describedby={help}
                    onInput={(event) => setTyped(event.currentTarget.value)}
                    onChange={(event) => keep(event.currentTarget)}
                />
            </label>
            <p class="help" id={help}>
                {children}
            </p>
        </div>
    );
}

/** The metrics in their order. Offered are shares that have a better way: the least difference is in points. */
function Metrics({ chosen }: { chosen: readonly string[] }) {
    const catalogue = useCatalogue();
    const title = (id: string) => catalogue.get(id)?.title ?? id;
    const offered = [...catalogue.values()].filter(
        ({ id, unit, direction, is_ratio }) =>
            is_ratio && inPoints(unit) && (direction === 'higher_is_better' || direction === 'lower_is_better') && !chosen.includes(id),
    );
    const choose = (metrics: readonly string[]) => set({ metric: metrics.join() === METRICS.join() ? null : [...metrics] });
    return (
        <div class="wide">
            <div class="controls">
                <Picker
                    label="Metrics"
                    value=""
                    options={[['', 'add …'], ...offered.map(({ id, title }) => [id, title] as const)]}
                    onPick={(id) => id !== '' && choose([...chosen, id])}
                />
                {chosen.map((id) => (
                    <Chip key={id} label={`Do not compare ${title(id)}`} onRemove={() => choose(chosen.filter((other) => other !== id))}>
                        {title(id)}
                    </Chip>
                ))}
            </div>
            <p class="help">The first is followed over time; the more there are, the more of them differ by chance alone at a single look.</p>
        </div>
    );
}

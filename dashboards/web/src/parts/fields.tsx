/** Fields of forms that say what is to be measured, and by how much it should move. */

import type { Unit } from '../format/number';
import { useCatalogue, useMetric } from './catalogue';
import { useFeatures } from './project';

interface FeatureProps {
    /** The name of the choice of all; without it one must be chosen. */
    all?: string;
    value?: string;
    onChange?: (feature: string) => void;
}

export function FeatureField({ all, value, onChange }: FeatureProps) {
    const { data } = useFeatures();
    return (
        <label>
            Feature
            <select name="feature" value={value} required={all === undefined} onChange={(event) => onChange?.(event.currentTarget.value)}>
                {all !== undefined && <option value="">{all}</option>}
                {data?.map((name) => <option key={name}>{name}</option>)}
            </select>
        </label>
    );
}

export function MetricField({ name, label, value, onChange }: { name: string; label: string; value: string; onChange: (id: string) => void }) {
    // What decides has a better way.
    const metrics = [...useCatalogue().values()].filter(({ direction }) => direction === 'higher_is_better' || direction === 'lower_is_better');
    return (
        <label>
            {label}
            <select name={name} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
                {metrics.map((metric) => (
                    <option key={metric.id} value={metric.id}>
                        {metric.title}
                    </option>
                ))}
            </select>
        </label>
    );
}

/** Whether values of a unit are typed in points. */
export const inPoints = (unit: Unit | undefined) => unit === 'share' || unit === 'share_difference';

export function Margin({ name, metric, label }: { name: string; metric: string; label: string }) {
    const unit = useMetric(metric)?.unit;
    const words = inPoints(unit) ? 'points' : unit?.replaceAll('_', ' ');
    return (
        <label>
            {label}, in {words}
            <input name={name} type="number" min="0" step="any" required key={unit} defaultValue={inPoints(unit) ? '2' : ''} />
            <input type="hidden" name={`${name}_factor`} value={inPoints(unit) ? '0.01' : '1'} />
        </label>
    );
}

/** What the project has: what it declares, and which values its outputs carry. */

import { api } from '../api/client';
import { type Loaded, useData } from '../api/data';
import { useScope } from '../state/scope';

/** Dimensions of every project, the feature aside. */
const BUILT_IN = ['version', 'model', 'prompt_version', 'variant', 'environment'];

export const useProjects = () => useData('projects', () => api.get('/api/v1/projects'));

/** The project of the session, which is the only one that it sees; undefined before it is known. */
export const useProject = () => useProjects().data?.data[0];

/** What the outputs of a feature are told apart by. */
export function useDimensions(): string[] {
    return [...BUILT_IN, ...(useProject()?.dimensions ?? [])];
}

export interface Known {
    value: string | null;
    /** Outputs shown. */
    shown: number;
}

/** Values that are offered. */
const MOST = 200;

/** The values of a dimension in the range of the page, the most frequent first; nothing is asked without a dimension. */
export function useValues(dimension: string | null, feature?: string): Loaded<Known[]> {
    const { from, to } = useScope().scope;
    const filters = feature === undefined ? [] : [{ dimension: 'feature', op: 'eq' as const, value: feature }];
    const body = { metrics: ['shown'], group_by: [dimension ?? ''], filters, from, to };
    const found = useData(dimension === null ? null : `values ${JSON.stringify(body)}`, () => api.post('/api/v1/query', { body }));
    const data = found.data?.data
        .map((row) => ({ value: row.group[dimension ?? ''] ?? null, shown: row.metrics['shown']?.value ?? 0 }))
        .sort((one, other) => other.shown - one.shown)
        .slice(0, MOST);
    return { ...found, data };
}

/** The features of the range, the most used first. */
export function useFeatures(): Loaded<string[]> {
    const found = useValues('feature');
    return { ...found, data: named(found.data) };
}

/** Values that have a name. */
export function named(known: Known[] | undefined): string[] | undefined {
    return known?.flatMap(({ value }) => (value === null ? [] : [value]));
}

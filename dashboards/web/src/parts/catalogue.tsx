/** The metrics' definitions, which every label takes its title, sentence and unit from. */

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { api, type Schemas } from '../api/client';
import { useData } from '../api/data';
import type { Unit } from '../format/number';

export type Definition = Schemas['MetricDefinition'];

export const useDefinitions = () => useData('catalogue', () => api.get('/api/v1/metrics'));

export const Catalogue = createContext<ReadonlyMap<string, Definition>>(new Map());

export function useCatalogue(): ReadonlyMap<string, Definition> {
    return useContext(Catalogue);
}

export function useMetric(id: string): Definition | undefined {
    return useCatalogue().get(id);
}

/** The unit of a metric; what the catalogue does not have is a share. */
export function useUnit(id: string): Unit {
    return useMetric(id)?.unit ?? 'share';
}

/** The metrics' definitions, which every label takes its title, sentence and unit from. */

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Schemas } from '../api/client';

export type Definition = Schemas['MetricDefinition'];

export const Catalogue = createContext<ReadonlyMap<string, Definition>>(new Map());

export function useCatalogue(): ReadonlyMap<string, Definition> {
    return useContext(Catalogue);
}

export function useMetric(id: string): Definition | undefined {
    return useCatalogue().get(id);
}

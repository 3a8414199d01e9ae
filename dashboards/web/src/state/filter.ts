/** Filters on dimensions: `filter=version=v4` in the address, `filter=version` for outputs without a version. */

export interface Condition {
    dimension: string;
    value: string | null;
}

export function parse(text: string): Condition {
    const at = text.indexOf('=');
    return at < 0 ? { dimension: text, value: null } : { dimension: text.slice(0, at), value: text.slice(at + 1) };
}

export function write({ dimension, value }: Condition): string {
    return value === null ? dimension : `${dimension}=${value}`;
}

export function conditions(params: URLSearchParams): Condition[] {
    return params.getAll('filter').map(parse);
}

export interface ApiFilter {
    dimension: string;
    op: 'in';
    value: (string | null)[];
}

/** As the API takes them: values of one dimension are alternatives. */
export function apiFilters(all: Condition[]): ApiFilter[] {
    const filters = new Map<string, (string | null)[]>();
    for (const { dimension, value } of all) filters.set(dimension, [...(filters.get(dimension) ?? []), value]);
    return [...filters].map(([dimension, value]) => ({ dimension, op: 'in', value }));
}

/** As a query parameter; undefined without any. */
export function filtersParameter(all: Condition[]): string | undefined {
    return all.length === 0 ? undefined : JSON.stringify(apiFilters(all));
}

/** How what was asked for is said. Pure. */

/** The settings of a request, by name: texts and numbers as they are, what has parts as JSON. */
export function settings(asked: unknown): [string, string][] {
    if (typeof asked !== 'object' || asked === null) return [];
    return Object.entries(asked).map(([name, value]) => [name.replaceAll('_', ' '), typeof value === 'string' ? value : JSON.stringify(value)]);
}

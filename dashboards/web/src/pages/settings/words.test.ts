import { expect, it } from 'vitest';
import { settings } from './words';

it('names each setting that was asked for', () => {
    expect(settings({ name: 'Acceptance', min_n: 100, filters: [{ op: 'eq' }], feature: null })).toEqual([
        ['name', 'Acceptance'],
        ['min n', '100'],
        ['filters', '[{"op":"eq"}]'],
        ['feature', 'null'],
    ]);
    expect(settings(null)).toEqual([]);
});

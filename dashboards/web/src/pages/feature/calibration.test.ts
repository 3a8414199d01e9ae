import { expect, it } from 'vitest';
import { ofMass } from './calibration';

it('bands with as many outputs each share the whole range between their means', () => {
    const band = (mean_confidence: number) => ({ from: mean_confidence - 0.1, to: mean_confidence, n: 10, mean_confidence, mean_outcome: 0.5, consistent: null });
    const bins = ofMass([0.2, 0.6, 0.8].map(band), ({ to }) => `/to/${to}`);
    expect(bins.map(({ from, to }) => [from, to].map((end) => end.toFixed(2)))).toEqual([
        ['0.00', '0.40'],
        ['0.40', '0.70'],
        ['0.70', '1.00'],
    ]);
    expect(bins.map(({ name }) => name.replace('\u00a0', ' '))).toEqual(['about 20 %', 'about 60 %', 'about 80 %']);
    // They are drawn half way to the next, and lead to what is in them.
    expect(bins.map(({ href }) => href)).toEqual(['/to/0.2', '/to/0.6', '/to/0.8']);
    expect(ofMass([], () => '')).toEqual([]);
});

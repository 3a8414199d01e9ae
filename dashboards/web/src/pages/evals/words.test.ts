import { expect, it } from 'vitest';
import { covered, leftOut, outcome, pairOf, stale, standing, unclear } from './words';

it('calls a difference by its interval', () => {
    expect(outcome({ lower: 0.01, upper: 0.2 }).words).toBe('Better');
    expect(outcome({ lower: -0.2, upper: -0.01 }).words).toBe('Worse');
    expect(outcome({ lower: -0.1, upper: 0.1 }).sign).toBe('?');
    expect(outcome({ lower: null, upper: null }).sign).toBe('?');
});

it('says why a run has no strength', () => {
    expect((['wins_all', 'loses_all'] as const).map(standing)).toEqual(['wins every round', 'loses every round']);
});

it('says what coverage misses', () => {
    const part = (value: string | null, share: number) => ({ value, outputs: 1, share, cases: 0 });
    const own = { dimension: 'version', outputs: 9, covered_share: 0.8, segments: 2, covered_segments: 1, missed: [part('v2', 0.12), part(null, 0.08)], covered: [] };
    expect(covered(own)).toBe('It has cases of 80\u00a0% of what is shown, by version; it misses version = v2 (12\u00a0%), no version (8\u00a0%).');
    expect(covered({ ...own, covered_share: null })).toBeNull();
});

it('names what is left out and what is old', () => {
    const none = { no_provenance: 0, output_gone: 0, undecided: 1, no_result: 0, other_version: 2 };
    expect(leftOut(none)).toHaveLength(2);
    const old = {
        cases: 4,
        median_age_days: 40.2,
        shown_recently: 1,
        of_gone_versions: 2,
        gone_versions: [{ version: 'v1', cases: 2 }],
        with_input: 4,
        inputs_seen: 1,
        inputs_looked_at: 10,
        all_inputs_looked_at: true,
    };
    expect(stale(old, 30)).toEqual([
        'Half of its cases were added 40\u00a0days ago or earlier.',
        '2\u00a0cases came of versions that nobody met in 30\u00a0days: v1.',
        '25\u00a0% of its inputs were asked by users in 30\u00a0days.',
    ]);
});

it('says why it cannot be told', () => {
    const area = (value: number | null, lower: number | null, upper: number | null) => ({ value, lower, upper }) as Parameters<typeof unclear>[0]['auroc'];
    const none = area(null, null, null);
    expect(unclear({ auroc: none, cases: 0, confusion: [] })).toBe('No case has both a score and a decision.');
    const few = unclear({ auroc: none, cases: 5, confusion: [[0, 1], [1, 3]] });
    expect(few.replaceAll('\u00a0', ' ')).toBe('Too few cases have both a score and a decision: 5 cases, of which users took 4.');
    expect(unclear({ auroc: area(0.55, 0.41, 0.68), cases: 90, confusion: [] })).toBe('It could be chance: the AUROC of 0.55 [0.41, 0.68] holds 0.5.');
});

it('compares the newest runs of as many cases', () => {
    const run = (id: string, cases: number) => ({ id, cases });
    expect(pairOf([run('smoke', 9), run('new', 60), run('old', 60)])).toEqual({ candidate: 'new', baseline: 'old' });
    expect(pairOf([run('c', 60), run('smoke', 9), run('b', 60), run('a', 60)])).toEqual({ candidate: 'c', baseline: 'b' });
    expect(pairOf([run('c', 60), run('b', 59)])).toEqual({ candidate: 'c', baseline: 'b' });
});

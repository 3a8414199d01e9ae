/** What is found of evals, in words. */

import type { Schemas } from '../../api/client';
import { coefficient, count, counted, isClear, percent, type Spread } from '../../format/number';
import { dimensionName, segment } from '../../format/words';

type Quality = Schemas['EvalQuality'];

/** Whether a difference is more than chance, by its interval. */
export function outcome(difference: Omit<Spread, 'value'>): { words: string; sign: string } {
    if (!isClear(difference)) return { words: 'No difference that is not chance', sign: '?' };
    return (difference.lower ?? 0) > 0 ? { words: 'Better', sign: '+' } : { words: 'Worse', sign: '−' };
}

export const AGREES: Record<Schemas['EvalVerdict'], { words: string; sign: string; why: string }> = {
    agrees: { words: 'It says what users say', sign: '✓', why: 'What scores higher is taken more often, and that is no chance.' },
    contradicts: { words: 'It says the opposite of what users say', sign: '✗', why: 'What scores higher is taken less often: do not ship by this score.' },
    cannot_tell: { words: 'It cannot be told yet', sign: '?', why: 'The scores of what is taken and of what is not are not surely apart.' },
};

/** Why it cannot be told whether scores say what users say. */
export function unclear({ auroc, cases, confusion }: Pick<Schemas['EvalAgreement'], 'auroc' | 'cases' | 'confusion'>): string {
    if (cases === 0) return 'No case has both a score and a decision.';
    const taken = (confusion[1] ?? []).reduce((sum, n) => sum + n, 0);
    if (auroc.lower === null || auroc.upper === null) {
        return `Too few cases have both a score and a decision: ${counted(cases, 'case')}, of which users took ${count(taken)}.`;
    }
    const { value, interval } = coefficient(auroc);
    return `It could be chance: the AUROC of ${value} ${interval} holds 0.5.`;
}

/** Why a run has no strength. */
export function standing(of: Schemas['EvalStanding']): string {
    switch (of) {
        case 'wins_all':
            return 'wins every round';
        case 'loses_all':
            return 'loses every round';
        case 'apart':
            return 'not tied to the others by wins and losses';
        case 'not_compared':
            return 'no case in common by the same judge';
        case 'ranked':
            return '';
    }
}

type Run = Pick<Schemas['EvalListedRun'], 'id' | 'cases'>;

/** The two runs to compare where none are chosen, of runs with the newest first: the newest that another has as many cases as. */
export function pairOf(runs: Run[]): { baseline: string; candidate: string } {
    for (const [at, { id, cases }] of runs.entries()) {
        const before = runs.slice(at + 1).find((run) => run.cases === cases);
        if (before !== undefined) return { baseline: before.id, candidate: id };
    }
    return { baseline: runs[1]?.id ?? '', candidate: runs[0]?.id ?? '' };
}

/** What strata are made of. */
export function stratumName(name: string): string {
    return name === 'decision' ? 'Decision' : name === 'confidence' ? 'Confidence' : dimensionName(name);
}

/** Why cases are not held against what users did. */
export function leftOut(left: Quality['left_out']): string[] {
    const reasons: [keyof Quality['left_out'], string][] = [
        ['no_provenance', 'made from no output'],
        ['output_gone', 'whose output retention has taken'],
        ['undecided', 'whose output no user decided on'],
        ['no_result', 'without a result'],
        ['other_version', 'with results of another version than their output’s only'],
    ];
    return reasons.flatMap(([name, words]) => (left[name] > 0 ? [`${counted(left[name], 'case')} ${words}`] : []));
}

/** What a dimension's coverage says: `It has cases of 80 % of what is shown, by version. It misses version = v2 (12 %).` */
export function covered(own: Schemas['EvalDimension']): string | null {
    if (own.covered_share === null) return null;
    const name = own.dimension === 'confidence' ? 'confidence' : dimensionName(own.dimension).toLowerCase();
    const missed = own.missed.slice(0, 3).map((part) => `${segment(name, part.value)} (${percent(part.share)})`);
    // Not all of it, where something is missed.
    const share = missed.length === 0 ? own.covered_share : Math.min(own.covered_share, 0.99);
    const has = `It has cases of ${percent(share)} of what is shown, by ${name}`;
    return missed.length === 0 ? `${has}.` : `${has}; it misses ${missed.join(', ')}.`;
}

export function stale(own: Quality['staleness'], days: number): string[] {
    const found: string[] = [];
    if (own.median_age_days !== null && own.median_age_days >= 1) found.push(`Half of its cases were added ${counted(Math.round(own.median_age_days), 'day')} ago or earlier.`);
    if (own.of_gone_versions > 0) {
        const names = own.gone_versions.slice(0, 3).map((gone) => gone.version ?? 'no version');
        found.push(`${counted(own.of_gone_versions, 'case')} came of versions that nobody met in ${counted(days, 'day')}: ${names.join(', ')}.`);
    }
    if (own.with_input > 0) {
        const among = own.all_inputs_looked_at ? '' : ` (among the newest ${counted(own.inputs_looked_at, 'output')})`;
        found.push(`${percent(own.inputs_seen / own.with_input)} of its inputs were asked by users in ${counted(days, 'day')}${among}.`);
    }
    return found;
}

/** The API's words as people read them. */

import type { Schemas } from '../api/client';
import { type Spread, withInterval } from './number';

export type Verdict = Schemas['Verdict'];

/** Each verdict with its shape, so that colour is never the only carrier. */
export const VERDICTS: Record<Verdict, { words: string; shape: Shape; meaning: string }> = {
    over: { words: 'Over-trusted', shape: 'up', meaning: 'Users take more than is right: the whole interval of the gap is above zero.' },
    under: { words: 'Under-trusted', shape: 'down', meaning: 'Users decline more than is wrong: the whole interval of the gap is below zero.' },
    calibrated: {
        words: 'Calibrated',
        shape: 'dot',
        meaning: 'Users trust it about as much as it deserves: the gap is within 5 points of zero, and the interval says so.',
    },
    insufficient: {
        words: 'Cannot tell',
        shape: 'ring',
        meaning: 'The interval is too wide to say, or nothing was judged yet.',
    },
};

/** What a verdict rests on: `since the gap of −3.5 points [−6.0, −1.0] leaves zero out`. */
export function because(verdict: Verdict, gap: Spread): string {
    if (gap.lower == null || gap.upper == null) return 'since the gap has no interval yet';
    const written = withInterval(gap, 'share_difference');
    switch (verdict) {
        case 'over':
        case 'under':
            return `since the gap of ${written} leaves zero out`;
        case 'calibrated':
            return `since the gap of ${written} is within 5 points of zero`;
        case 'insufficient':
            return `since the gap of ${written} holds zero and reaches beyond 5 points`;
    }
}

export type Shape = 'up' | 'down' | 'dot' | 'ring';

/** Those that read better than their names. */
const REASONS: Partial<Record<Schemas['Reason'], string>> = {
    no_data: 'no outputs',
    no_decisions: 'no decisions yet',
    no_judgements: 'not judged yet',
    no_confidence: 'no confidence sent',
    no_edits: 'no texts or edit figures',
    no_times: 'no times',
    no_ratings: 'no ratings',
    no_initial_answers: 'no answers from before',
    no_cases: 'no such case yet',
    too_few: 'too few to say',
    one_class: 'all outcomes alike',
    not_aligned: 'needs whole UTC days',
};

export function reason(code: string | null): string {
    return code === null ? 'no value' : (REASONS[code as Schemas['Reason']] ?? code.replaceAll('_', ' '));
}

export type Decision = Schemas['Decision'];

export const DECISIONS: Record<Decision, string> = {
    accepted: 'Accepted',
    edited: 'Edited',
    undone: 'Undone',
    rejected: 'Rejected',
    ignored: 'Ignored',
    undecided: 'Undecided',
};

const NAMES: Record<string, string> = {
    feature: 'Feature',
    version: 'Version',
    model: 'Model',
    prompt_version: 'Prompt version',
    variant: 'Variant',
    environment: 'Environment',
    tool: 'Tool',
};

export function dimensionName(name: string): string {
    return NAMES[name] ?? name;
}

/** `locale = de`, or `no locale`. */
export function segment(dimension: string, value: string | null): string {
    return value === null ? `no ${dimension}` : `${dimension} = ${value}`;
}

/** How verdicts, designs and standings are said. Pure. */

import type { Schemas } from '../../api/client';
import { count, counted, percent } from '../../format/number';
import { segment } from '../../format/words';

export const VERDICTS: Record<Schemas['EffectVerdict'], { words: string; sign: string; why: string }> = {
    worked: { words: 'Worked', sign: '+', why: 'Surely better than without it.' },
    did_not_work: { words: 'Did not work', sign: '=', why: 'Surely not as much better as was expected, and not surely better at all.' },
    made_it_worse: { words: 'Made it worse', sign: '−', why: 'Surely worse than without it.' },
    cannot_tell_yet: { words: 'Cannot tell yet', sign: '?', why: 'Too little is known, or it was moving before the change already.' },
};

export const DESIGNS: Record<Schemas['EffectDesign'], { words: string; why: string }> = {
    same_days: {
        words: 'users with themselves, while they moved over',
        why: 'Each user with what they did before, and with others on the same day: who moves first may differ, and so may days.',
    },
    difference_in_differences: {
        words: 'before and after, with controls',
        why: 'After minus before, less what happened meanwhile to features that did not change.',
    },
    before_after: { words: 'before and after, without controls', why: 'After minus before: what else happened meanwhile is in it.' },
};

export const KINDS: Record<Schemas['ChangeKind'], string> = { prompt: 'Prompt', model: 'Model', ui: 'Interface', other: 'Other' };

export const STANDINGS: Record<Schemas['FixStanding'], string> = { open: 'Open', underway: 'Underway', mended: 'Mended' };

/** What stands in the way, in words. */
export function subject(priority: Pick<Schemas['Priority'], 'feature'> & Schemas['Subject']): string {
    switch (priority.kind) {
        case 'reason':
            return priority.reason;
        case 'segment':
            return segment(priority.dimension, priority.value);
        case 'accepted_wrong':
            return 'Accepted though wrong';
    }
}

/** What the cost of an entry is counted from. */
export function counts({ kind, outputs, users, told, judged }: Schemas['Priority']): string {
    const what = { reason: 'name it', segment: 'decided', accepted_wrong: 'judged wrong' }[kind];
    const found = [`${count(outputs)} ${what}`, counted(users, 'user')];
    if (told !== null && told.lost > 0) found.push(`of ${count(told.lost)} lost, ${percent(told.with_reason / told.lost)} say why`);
    if (judged !== null && judged.kept > 0) found.push(`of ${count(judged.kept)} accepted, ${percent(judged.judged / judged.kept)} are judged`);
    return found.join(' · ');
}

/** `1st`, or `1st to 3rd`: the places that an entry may have. */
export function places(from: number, to: number): string {
    return from === to ? ordinal(from) : `${ordinal(from)} to ${ordinal(to)}`;
}

function ordinal(n: number): string {
    const teen = n % 100 >= 11 && n % 100 <= 13;
    return `${n}${teen ? 'th' : (({ 1: 'st', 2: 'nd', 3: 'rd' } as Record<number, string>)[n % 10] ?? 'th')}`;
}

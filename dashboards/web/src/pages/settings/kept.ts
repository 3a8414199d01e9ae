/** For how long a project keeps what, and what goes when that is less. Pure. */

import type { Schemas } from '../../api/client';
import { counted } from '../../format/number';
import { date, DAY } from '../../format/time';
import { text } from '../../parts/values';

/** A hundred years: the API takes no more. */
export const MOST_DAYS = 36_500;

/** What is kept so many days, from the least that goes to all of it. */
export const THINGS = ['texts', 'events', 'outputs'] as const;
type Thing = (typeof THINGS)[number];

/** Days; null is for ever. */
export type Kept = Record<Thing, number | null>;

type Set = Pick<Schemas['ProjectView'], 'retain_texts_days' | 'retain_events_days' | 'retain_outputs_days'>;

export function ofProject(project: Set): Kept {
    return { texts: project.retain_texts_days, events: project.retain_events_days, outputs: project.retain_outputs_days };
}

/** What the fields of the form say; an empty one is for ever. */
export function ofForm(values: FormData): Kept {
    const days = (thing: Thing) => (text(values, thing) === '' ? null : Number(text(values, thing)));
    return { texts: days('texts'), events: days('events'), outputs: days('outputs') };
}

/** Only what is not as before. */
export function changes(before: Kept, after: Kept): Partial<Set> {
    const changed = THINGS.filter((thing) => before[thing] !== after[thing]);
    return Object.fromEntries(changed.map((thing) => [`retain_${thing}_days`, after[thing]]));
}

const least = (one: number | null, other: number | null) => (one === null || other === null ? (one ?? other) : Math.min(one, other));

/** As it is in force: events are not kept longer than their outputs, nor texts longer than the events they are in. */
export function inForce({ texts, events, outputs }: Kept): Kept {
    const own = least(events, outputs);
    return { texts: least(texts, own), events: own, outputs };
}

const long = (days: number | null) => (days === null ? 'for ever' : `for ${counted(days, 'day')}`);

/** What is in force, in a sentence. */
export function inWords(kept: Kept): string {
    const { texts, events, outputs } = inForce(kept);
    if (texts === null) return 'Everything is kept for ever.';
    return `Texts are kept ${long(texts)}, events ${long(events)}, outputs ${long(outputs)}, and numbers for ever.`;
}

/** What is kept for less time than before. */
export function shortened(before: Kept, after: Kept): Thing[] {
    const [was, is] = [inForce(before), inForce(after)];
    return THINGS.filter((thing) => (is[thing] ?? Infinity) < (was[thing] ?? Infinity));
}

/** The days that hold all outputs which lose events they would have kept, or go themselves; without `from`, all up to `to`. */
export function lost(before: Kept, after: Kept, now: number): { from?: string; to: string } | undefined {
    const things = shortened(before, after).filter((thing) => thing !== 'texts');
    if (things.length === 0) return undefined;
    const midnight = (days: number) => new Date(Math.floor((now - days * DAY) / DAY) * DAY).toISOString();
    const [was, is] = [inForce(before), inForce(after)].map((kept) => things.map((thing) => kept[thing] ?? Infinity));
    const [oldest, newest] = [Math.max(...(was ?? [])), Math.min(...(is ?? []))];
    return { ...(oldest === Infinity ? {} : { from: midnight(oldest) }), to: midnight(newest) };
}

const GOES: Record<Thing, (day: string) => string> = {
    texts: (day) => `texts received before ${day}`,
    events: (day) => `events of outputs shown before ${day}`,
    outputs: (day) => `outputs shown before ${day}`,
};

/** What is asked before anything is kept for less time; no more than `outputs` lose something, where that is known. */
export function question(before: Kept, after: Kept, outputs: number | null, now: number): string {
    const is = inForce(after);
    const things = shortened(before, after);
    const going = things.map((thing) => `• ${GOES[thing](date(now - (is[thing] ?? 0) * DAY))}`);
    const most = outputs === null || outputs === 0 ? '' : `\n\nUp to ${counted(outputs, 'output')} lose events by it, or go.`;
    return `Keep ${things.map((thing) => `${thing} ${long(is[thing])}`).join(', ')}? Within the hour these are deleted, and nothing brings them back:\n\n${going.join('\n')}${most}`;
}

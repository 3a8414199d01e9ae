/** Data for components: loaded when asked for, again when the project has moved on, and shared by who asks the same. */

import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';
import { detailOf, forgetAnswers, Problem } from './client';
import { position } from './live';
import { Turns } from './turns';

export interface Loaded<T> {
    /** The newest answer; while a changed question is answered, the answer before it. */
    data?: T;
    problem?: Problem;
    /** Whether `data` answers another question, or nothing is there yet. */
    pending: boolean;
}

/** The answer to what is asked now; not that of the question before. */
export function fresh<T>({ data, pending }: Loaded<T>): T | undefined {
    return pending ? undefined : data;
}

interface Entry {
    /** The log position that was current when the answer was asked for. */
    asked: number | undefined;
    running: boolean;
    /** When a failure is tried again. */
    again?: ReturnType<typeof setTimeout>;
    data?: unknown;
    problem?: Problem;
    listeners: Set<() => void>;
}

/**
 * A page keeps no more of the server busy at once, so that it is never told to come back for its own haste. Analyses that take
 * long have a lane of their own, so that numbers do not wait behind them.
 */
const LANES = { numbers: new Turns(3), analyses: new Turns(1) };
type Lane = keyof typeof LANES;

const entries = new Map<string, Entry>();
const MOST_KEPT = 100;
/** How long a failure waits to be tried again, milliseconds. */
const AGAIN = 5_000;

/** Whether a failure may pass, so that the page tries again by itself. */
export function mayPass({ status }: Problem): boolean {
    return status === 0 || status >= 429;
}

function entry(key: string): Entry {
    let found = entries.get(key);
    if (found === undefined) {
        if (entries.size >= MOST_KEPT) {
            for (const [old, { listeners }] of entries) if (listeners.size === 0) entries.delete(old);
        }
        found = { asked: undefined, running: false, listeners: new Set() };
        entries.set(key, found);
    }
    return found;
}

async function refresh(key: string, load: () => Promise<unknown>, lane: Lane): Promise<void> {
    const own = entry(key);
    if (own.running || (own.asked === position.value && own.problem === undefined)) return;
    clearTimeout(own.again);
    own.running = true;
    own.asked = position.value;
    try {
        await LANES[lane].run(async () => {
            // While it waited for its turn, the page may have gone on to something else.
            if (own.listeners.size === 0) own.asked = undefined;
            else own.data = await load();
        });
        delete own.problem;
    } catch (error) {
        own.problem = error instanceof Problem ? error : new Problem(0, 'failed', detailOf(error));
        if (own.problem.status === 401) position.signedOut();
        else if (mayPass(own.problem)) own.again = setTimeout(() => own.listeners.size > 0 && void refresh(key, load, lane), AGAIN);
    }
    own.running = false;
    for (const listener of own.listeners) listener();
    // The project moved on while this was answered.
    if (own.listeners.size > 0 && own.problem === undefined) void refresh(key, load, lane);
}

/** What `load` gives. `key` names everything that its answer depends on; without one nothing is loaded. */
export function useData<T>(key: string | null, load: () => Promise<T>, lane: Lane = 'numbers'): Loaded<T> {
    const [, redraw] = useReducer((count: number, _: void) => count + 1, 0);
    const held = useRef<T>(undefined);
    // Before anything else runs: an answer that came between drawing and listening would never be drawn.
    useLayoutEffect(() => {
        if (key === null) return;
        const own = entry(key);
        const listener = () => redraw();
        own.listeners.add(listener);
        const again = () => void refresh(key, load, lane);
        again();
        const stop = position.follow(again);
        return () => {
            own.listeners.delete(listener);
            stop();
        };
    }, [key]);
    if (key === null) return { pending: true };
    const own = entry(key);
    if (own.data !== undefined) held.current = own.data as T;
    return { data: held.current, problem: own.problem, pending: own.data === undefined };
}

/** Forgets every answer, as when someone else signs in: what is still on its way is nobody's then. */
export function forget(): void {
    entries.clear();
    forgetAnswers();
}

/** Has everything asked again by the page that is shown next. */
export function outdate(): void {
    for (const own of entries.values()) own.asked = undefined;
}

/** Asks everything on the page again, as after a change of settings. */
export function reload(): void {
    outdate();
    position.announce();
}

/**
 * How far the project's numbers are. Open pages follow it, so that new data shows without a reload: a request waits at the server until
 * there is something new. A page that nobody sees does not wait, since a browser has few connections for all pages of a server.
 */

import { api, Problem } from './client';

/** Milliseconds between looks at least: data that never rests is followed once a second. */
const LEAST = 1_000;

type Listener = () => void;

class Position {
    /** Events of the log that the numbers contain; unknown before the first look. */
    value: number | undefined;
    private readonly listeners = new Set<Listener>();
    /** Ends what is waited for. */
    private following: AbortController | undefined;
    /** What to do when the session has ended. */
    signedOut: Listener = () => {};

    follow(listener: Listener): () => void {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    announce(): void {
        for (const listener of [...this.listeners]) listener();
    }

    /** Takes the first look, then follows. */
    async start(): Promise<void> {
        this.stop();
        this.value = (await api.get('/api/v1/position')).log_position;
        this.following = new AbortController();
        void this.run(this.following.signal);
    }

    stop(): void {
        this.following?.abort();
        this.following = undefined;
    }

    private async run(stopped: AbortSignal): Promise<void> {
        while (!stopped.aborted) {
            const rested = rest(LEAST);
            await seen();
            const ended = new AbortController();
            const check = () => isSeen() || ended.abort();
            document.addEventListener('visibilitychange', check, { signal: ended.signal });
            if (!stopped.aborted) await this.look(AbortSignal.any([stopped, ended.signal]));
            ended.abort();
            await rested;
        }
    }

    private async look(signal: AbortSignal): Promise<void> {
        try {
            const { log_position } = await api.get('/api/v1/position', { query: { after: this.value }, signal });
            const moved = this.value !== log_position;
            this.value = log_position;
            if (moved) this.announce();
        } catch (problem) {
            if (problem instanceof Problem && problem.status === 401) this.signedOut();
        }
    }
}

const rest = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const isSeen = () => document.visibilityState === 'visible';

/** Waits until the page is seen. */
async function seen(): Promise<void> {
    while (!isSeen()) await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
}

export const position = new Position();

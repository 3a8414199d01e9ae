/** How far the project's numbers are. Open pages follow it, so that new data shows without a reload. */

import { api } from './client';

/** Milliseconds between looks. */
const EVERY = 1_000;

type Listener = () => void;

class Position {
    /** Events of the log that the numbers contain; unknown before the first look. */
    value: number | undefined;
    private readonly listeners = new Set<Listener>();
    private timer: ReturnType<typeof setTimeout> | undefined;
    /** What to do when the session has ended. */
    signedOut: Listener = () => {};

    follow(listener: Listener): () => void {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    announce(): void {
        for (const listener of [...this.listeners]) listener();
    }

    /** Takes the first look, then one every second. */
    async start(): Promise<void> {
        this.stop();
        this.value = (await api.get('/api/v1/status')).log_position;
        this.wait();
    }

    private wait(): void {
        this.timer = setTimeout(() => void this.look(), EVERY);
    }

    stop(): void {
        clearTimeout(this.timer);
        this.timer = undefined;
    }

    private async look(): Promise<void> {
        try {
            // A page that nobody sees asks for nothing.
            if (document.visibilityState === 'visible') {
                const { log_position } = await api.get('/api/v1/status');
                const moved = this.value !== undefined && this.value !== log_position;
                this.value = log_position;
                if (moved) this.announce();
            }
        } catch (problem) {
            if ((problem as { status?: number }).status === 401) this.signedOut();
        }
        // Not if it was stopped meanwhile.
        if (this.timer !== undefined) this.wait();
    }
}

export const position = new Position();

/** Forms: what is asked of the server, that it is under way, and what it had to say against it. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Problem } from '../api/client';

/** Does one thing at a time, and keeps what went wrong with the last one. */
export function useAttempt() {
    const [problem, setProblem] = useState<string>();
    const [busy, setBusy] = useState(false);
    const attempt = async (what: () => Promise<void>) => {
        setBusy(true);
        setProblem(undefined);
        try {
            await what();
        } catch (error) {
            setProblem(error instanceof Problem ? error.detail : String(error));
        }
        setBusy(false);
    };
    return { attempt, busy, problem };
}

export function Trouble({ problem }: { problem: string | undefined }) {
    if (problem === undefined) return null;
    return (
        <p class="notice" role="alert">
            {problem}
        </p>
    );
}

export function Form({ onSubmit, children }: { onSubmit: (form: HTMLFormElement) => void; children: ComponentChildren }) {
    return (
        <form
            class="form"
            onSubmit={(event) => {
                event.preventDefault();
                onSubmit(event.currentTarget as HTMLFormElement);
            }}
        >
            {children}
        </form>
    );
}

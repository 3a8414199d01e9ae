/** Forms: what is asked of the server, that it is under way, and what it had to say against it. */

import type { ComponentProps } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { detailOf } from '../api/client';

/** Does one thing at a time, and keeps what went wrong with the last one. */
export function useAttempt() {
    const [problem, setProblem] = useState<string>();
    const [busy, setBusy] = useState(false);
    const running = useRef(false);
    const attempt = async (what: () => Promise<void>) => {
        // A second click while the first is under way would do it twice.
        if (running.current) return;
        running.current = true;
        setBusy(true);
        setProblem(undefined);
        try {
            await what();
        } catch (error) {
            setProblem(detailOf(error));
        }
        running.current = false;
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

type Props = Omit<ComponentProps<'form'>, 'onSubmit'> & { onSubmit: (form: HTMLFormElement) => void };

export function Form({ onSubmit, class: own = 'form', ...others }: Props) {
    return (
        <form
            class={own}
            {...others}
            onSubmit={(event) => {
                event.preventDefault();
                onSubmit(event.currentTarget as HTMLFormElement);
            }}
        />
    );
}

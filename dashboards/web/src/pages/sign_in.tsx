/** Signing in, with a key or with the link that the server prints at its start. */

import { useEffect } from 'preact/hooks';
import type { Schemas } from '../api/client';
import { Trouble, useAttempt } from '../parts/form';
import { type Session, signIn } from '../session';
import { go } from '../state/url';

export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => Promise<void> }) {
    const { attempt, busy, problem } = useAttempt();
    const enter = (body: Schemas['SignInRequest']) =>
        void attempt(async () => {
            const session = await signIn(body);
            // Where one wanted to go, or the overview; the token leaves the address either way.
            go(location.pathname === '/sign-in' ? '/' : location.pathname + location.search, true);
            await onSignedIn(session);
        });
    useEffect(() => {
        document.title = 'Sign in · Calibrant';
        const token = location.pathname === '/sign-in' ? location.hash.slice(1) : '';
        if (token !== '') enter({ token });
    }, []);
    const submit = (event: SubmitEvent) => {
        event.preventDefault();
        const key = new FormData(event.currentTarget as HTMLFormElement).get('key');
        enter({ key: String(key).trim() });
    };
    return (
        <main class="sign-in" id="main">
            <h1>Calibrant</h1>
            <p>Do people trust your AI features as much as they deserve?</p>
            <form onSubmit={submit}>
                <label for="key">API key</label>
                <input
                    id="key"
                    name="key"
                    type="password"
                    autocomplete="current-password"
                    spellcheck={false}
                    placeholder="cal_sk_…"
                    required
                    aria-describedby="key-help"
                    aria-invalid={problem !== undefined}
                />
                <p id="key-help" class="help">
                    A key with the scope <code>read</code>. The server prints one at its first start, with a link that signs in by itself; an operator
                    makes another with <code>calibrant create-key</code>.
                </p>
                <Trouble problem={problem} />
                <button type="submit" class="primary" disabled={busy}>
                    {busy ? 'Signing in …' : 'Sign in'}
                </button>
            </form>
        </main>
    );
}

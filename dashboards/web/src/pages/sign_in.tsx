/** Signing in, with a key or with the link that the server prints at its start. */

import { useEffect, useState } from 'preact/hooks';
import { Problem, type Schemas } from '../api/client';
import { type Session, signIn } from '../session';
import { go } from '../state/url';

export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => Promise<void> }) {
    const [problem, setProblem] = useState<string>();
    const [busy, setBusy] = useState(false);
    const enter = async (body: Schemas['SignInRequest']) => {
        setBusy(true);
        setProblem(undefined);
        try {
            const session = await signIn(body);
            // Where one wanted to go, or the overview; the token leaves the address either way.
            go(location.pathname === '/sign-in' ? '/' : location.pathname + location.search, true);
            await onSignedIn(session);
        } catch (error) {
            setProblem(error instanceof Problem ? error.detail : String(error));
            setBusy(false);
        }
    };
    useEffect(() => {
        document.title = 'Sign in · Calibrant';
        const token = location.pathname === '/sign-in' ? location.hash.slice(1) : '';
        if (token !== '') void enter({ token });
    }, []);
    const submit = (event: SubmitEvent) => {
        event.preventDefault();
        const key = new FormData(event.currentTarget as HTMLFormElement).get('key');
        void enter({ key: String(key).trim() });
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
                    A key with the scope <code>read</code>. The server prints one at its first start, with a link that signs in by
                    itself; an operator makes another with <code>calibrant create-key</code>.
                </p>
                {problem !== undefined && (
                    <p class="notice" role="alert">
                        {problem}
                    </p>
                )}
                <button type="submit" class="primary" disabled={busy}>
                    {busy ? 'Signing in …' : 'Sign in'}
                </button>
            </form>
        </main>
    );
}

/** Who is signed in. The cookie itself is none of the page's business. */

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { api, Problem, type Schemas } from './api/client';
import { forget } from './api/data';
import { position } from './api/live';

export type Session = Schemas['SessionResponse'];

export const Signed = createContext<Session | null>(null);

/** The session of the page; pages are shown only with one. */
export function useSession(): Session {
    const session = useContext(Signed);
    if (session === null) throw new Error('no session');
    return session;
}

/** Whether the key of the session has a scope. */
export function useMay(scope: Schemas['Scope']): boolean {
    return useSession().key.scopes.includes(scope);
}

/** The session of this browser; null without one. */
export async function current(): Promise<Session | null> {
    try {
        return await api.get('/api/v1/session');
    } catch (problem) {
        if (problem instanceof Problem && problem.status === 401) return null;
        throw problem;
    }
}

export async function signIn(body: Schemas['SignInRequest']): Promise<Session> {
    const session = await api.post('/api/v1/session', { body });
    forget();
    return session;
}

export async function signOut(): Promise<void> {
    position.stop();
    await api.delete('/api/v1/session').catch(() => undefined);
    forget();
}

/** The API as the pages see it: typed from openapi.json, errors as `Problem`, unchanged answers as the same object. */

import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Estimate = Schemas['Estimate'];

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type PathsWith<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type Content<R> = R extends { content: { 'application/json': infer T } } ? T : undefined;
type Answer<O> = O extends { responses: infer R }
    ? R extends { 200: infer S }
        ? Content<S>
        : R extends { 201: infer S }
          ? Content<S>
          : undefined
    : never;
type Query<O> = O extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;
/** The parameters of a route that is read. */
export type QueryOf<P extends PathsWith<'get'>> = Query<Operation<P, 'get'>>;
type PathNames<O> = O extends { parameters: { path: infer N } } ? N : never;
type Body<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B : never;

interface Asked<O> {
    path?: PathNames<O>;
    query?: Query<O>;
    body?: Body<O>;
    /** A file, sent as it is. */
    file?: Blob;
    /** Ends the wait for an answer. */
    signal?: AbortSignal;
}

/** What the server answered instead of what was asked for (RFC 9457). */
export class Problem extends Error {
    constructor(
        readonly status: number,
        readonly code: string,
        readonly detail: string,
    ) {
        super(detail);
    }
}

/** What went wrong, as people read it. */
export function detailOf(error: unknown): string {
    return error instanceof Problem ? error.detail : String(error);
}

/** Answers by address, so that an unchanged one stays the same object and redraws nothing. */
const known = new Map<string, { tag: string; data: unknown }>();
const MOST_KNOWN = 200;

/** Forgets the answers, which are of whoever asked. */
export function forgetAnswers(): void {
    known.clear();
}

/** The address of a route with its parameters filled in; those without a value are left out. */
export function address(template: string, names: object | undefined, query: object | undefined): string {
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(String((names as Record<string, unknown> | undefined)?.[name] ?? '')),
    );
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {})) {
        if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
    }
    const text = params.toString();
    return text === '' ? path : `${path}?${text}`;
}

async function send(method: Method, url: string, { body, file, signal }: { body?: unknown; file?: Blob; signal?: AbortSignal }): Promise<unknown> {
    let response: Response;
    try {
        const init: RequestInit = { method: method.toUpperCase(), credentials: 'same-origin', signal: signal ?? null };
        if (file !== undefined) init.body = file;
        if (body !== undefined) {
            init.body = JSON.stringify(body);
            init.headers = { 'content-type': 'application/json' };
        }
        response = await fetch(url, init);
    } catch {
        throw new Problem(0, 'unreachable', 'The server does not answer.');
    }
    if (!response.ok) throw await problem(response);
    if (response.status === 204) return undefined;
    const tag = method === 'get' ? response.headers.get('etag') : null;
    const before = known.get(url);
    if (tag !== null && before?.tag === tag) return before.data;
    const data: unknown = await response.json();
    if (tag !== null) {
        if (known.size >= MOST_KNOWN) known.clear();
        known.set(url, { tag, data });
    }
    return data;
}

async function problem(response: Response): Promise<Problem> {
    const body = (await response.json().catch(() => ({}))) as Partial<Schemas['Problem']>;
    return new Problem(response.status, body.code ?? 'unknown', body.detail ?? `The server answered ${response.status}.`);
}

/** Calls a route by its template in openapi.json. */
function route<M extends Method>(method: M) {
    return <P extends PathsWith<M>>(path: P, asked: Asked<Operation<P, M>> = {}): Promise<Answer<Operation<P, M>>> =>
        send(method, address(path, asked.path as object, asked.query as object), asked) as Promise<
            Answer<Operation<P, M>>
        >;
}

export const api = { get: route('get'), post: route('post'), put: route('put'), patch: route('patch'), delete: route('delete') };

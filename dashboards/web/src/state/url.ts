/** The address is the state: what a page shows is in it, so that every view is a link to share. */

import { useLayoutEffect, useReducer } from 'preact/hooks';

export interface Place {
    path: string;
    params: URLSearchParams;
}

type Change = Record<string, string | string[] | null | undefined>;

const listeners = new Set<() => void>();

export function place(): Place {
    return { path: location.pathname, params: new URLSearchParams(location.search) };
}

/** Parameters with some set, and those that are null or empty taken out. */
export function changed(params: URLSearchParams, change: Change): URLSearchParams {
    const next = new URLSearchParams(params);
    for (const [name, value] of Object.entries(change)) {
        next.delete(name);
        for (const one of Array.isArray(value) ? value : [value]) {
            if (one !== null && one !== undefined && one !== '') next.append(name, one);
        }
    }
    next.sort();
    return next;
}

export function href(path: string, params: URLSearchParams = new URLSearchParams()): string {
    const text = params.toString();
    return text === '' ? path : `${path}?${text}`;
}

/** What a link to another page keeps: the time range and the filters. */
const KEPT = ['range', 'from', 'to', 'filter', 'change'];

/** A link to another page in the same range with the same filters. */
export function onward(path: string, change: Change = {}): string {
    const kept = new URLSearchParams();
    for (const [name, value] of place().params) if (KEPT.includes(name)) kept.append(name, value);
    return href(path, changed(kept, change));
}

/** A link to the page of a feature. */
export function toFeature(feature: string): string {
    return onward(`/features/${encodeURIComponent(feature)}`);
}

/** Shows another address. `replace` leaves no step to go back to. */
export function go(address: string, replace = false): void {
    const samePath = new URL(address, location.href).pathname === location.pathname;
    if (replace) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    if (!samePath) scrollTo(0, 0);
    for (const listener of [...listeners]) listener();
}

/** Changes parameters of the page that is shown. */
export function set(change: Change, replace = false): void {
    const { path, params } = place();
    go(href(path, changed(params, change)), replace);
}

export function usePlace(): Place {
    const [, redraw] = useReducer((count: number, _: void) => count + 1, 0);
    // Before the effects of the page, which may go elsewhere.
    useLayoutEffect(() => {
        const listener = () => redraw();
        listeners.add(listener);
        addEventListener('popstate', listener);
        return () => {
            listeners.delete(listener);
            removeEventListener('popstate', listener);
        };
    }, []);
    return place();
}

/** Follows clicks on links within the app without loading a page. */
export function followLinks(): void {
    addEventListener('click', (event) => {
        const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
        const link = event.target instanceof Element ? event.target.closest('a') : null;
        const to = link?.getAttribute('href');
        if (!plain || event.defaultPrevented || !to || !to.startsWith('/') || /^\/(api|docs)\//.test(to)) return;
        event.preventDefault();
        go(to);
    });
}

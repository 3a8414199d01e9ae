/** What stands in the place of data that is not there: loading, failed, empty. */

import type { ComponentChildren } from 'preact';
import { type Loaded, mayPass } from '../api/data';

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
    return (
        <div class="empty">
            <p class="empty-title">{title}</p>
            {children !== undefined && <div class="empty-text">{children}</div>}
        </div>
    );
}

/** What a section shows that has nothing to say: nothing. The style sheet takes out the section around it. */
export function Silence() {
    return <div class="silence" hidden />;
}

interface Props<T> {
    of: Loaded<T>;
    children: (data: T) => ComponentChildren;
    /** About how high the data will be, in lines, so that little moves when it comes. */
    lines?: number;
}

/** Shows data when it is there; the answer before while another is on its way; else why not. */
export function Await<T>({ of, children, lines = 6 }: Props<T>) {
    const { data, problem, pending } = of;
    if (data !== undefined && (!pending || problem === undefined)) {
        return (
            <div class={pending ? 'pending' : undefined} aria-busy={pending}>
                {problem !== undefined && <p class="notice">These numbers are from before: {problem.detail}</p>}
                {children(data)}
            </div>
        );
    }
    if (problem !== undefined) {
        const title = problem.status === 404 ? 'There is no such thing' : 'This could not be loaded';
        return (
            <div role="alert">
                <Empty title={title}>
                    {problem.detail}
                    {mayPass(problem) && ' The page tries again by itself.'}
                </Empty>
            </div>
        );
    }
    return (
        <div class="skeleton" role="status" aria-label="Loading">
            {Array.from({ length: lines }, (_, at) => (
                <span key={at} style={{ width: `${100 - ((at * 37) % 45)}%` }} />
            ))}
        </div>
    );
}

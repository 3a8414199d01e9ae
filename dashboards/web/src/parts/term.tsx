/** A word that explains itself when it is pointed at or focused. */

import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { useMetric } from './catalogue';
import { Prose } from './prose';

export function Explained({ children, text }: { children: ComponentChildren; text: string }) {
    const id = useId();
    const [open, setOpen] = useState(false);
    return (
        <span class="term" onMouseEnter={() => setOpen(true)} onMouseLeave={() => setOpen(false)}>
            <button
                type="button"
                class="term-word"
                aria-describedby={open ? id : undefined}
                onFocus={() => setOpen(true)}
                onBlur={() => setOpen(false)}
                onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}
            >
                {children}
            </button>
            {open && (
                <span role="tooltip" id={id} class="tooltip">
                    <Prose text={text} />
                </span>
            )}
        </span>
    );
}

/** The title of a metric. */
export function Term({ metric, children }: { metric: string; children?: ComponentChildren }) {
    const definition = useMetric(metric);
    const title = children ?? definition?.title ?? metric;
    return definition === undefined ? <>{title}</> : <Explained text={definition.summary}>{title}</Explained>;
}

/** A picture with its title, what it says in words, and its numbers as a table. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Table {
    head: string[];
    rows: ComponentChildren[][];
}

interface Props {
    title: ComponentChildren;
    /** What to read off the picture, in a sentence. */
    caption?: ComponentChildren;
    table?: Table;
    children: (width: number) => ComponentChildren;
}

export function Figure({ title, caption, table, children }: Props) {
    const [ref, width] = useWidth();
    return (
        <figure>
            <figcaption>
                <span class="figure-title">{title}</span>
                {caption !== undefined && <span class="figure-caption">{caption}</span>}
            </figcaption>
            <div ref={ref} class="picture">
                {width > 0 && children(width)}
            </div>
            {table !== undefined && table.rows.length > 0 && <AsTable {...table} />}
        </figure>
    );
}

function AsTable({ head, rows }: Table) {
    const [open, setOpen] = useState(false);
    return (
        <details class="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary>As a table</summary>
            {open && (
                <div class="scroll" tabIndex={0} role="region" aria-label="Numbers of the picture">
                    <table>
                        <thead>
                            <tr>
                                {head.map((name) => (
                                    <th scope="col" key={name}>
                                        {name}
                                    </th>
                                ))}
                            </tr>
                        </thead>
                        <tbody>
                            {rows.map((row, at) => (
                                <tr key={at}>
                                    {row.map((cell, column) =>
                                        column === 0 ? (
                                            <th scope="row" key={column}>
                                                {cell}
                                            </th>
                                        ) : (
                                            <td key={column}>{cell}</td>
                                        ),
                                    )}
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
        </details>
    );
}

/** The width of an element in whole pixels, followed as it changes; 0 before it is known. */
function useWidth() {
    const ref = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(0);
    useEffect(() => {
        const element = ref.current;
        if (element === null) return;
        const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
        observer.observe(element);
        return () => observer.disconnect();
    }, []);
    return [ref, width] as const;
}

/** Whether an element has come near the window; once it has, it stays so. */
export function useNear() {
    const ref = useRef<HTMLElement>(null);
    const [near, setNear] = useState(false);
    useEffect(() => {
        const element = ref.current;
        if (element === null || near) return;
        const observer = new IntersectionObserver(
            (entries) => entries.some((entry) => entry.isIntersecting) && setNear(true),
            { rootMargin: '300px' },
        );
        observer.observe(element);
        return () => observer.disconnect();
    }, [near]);
    return [ref, near] as const;
}

/** A table whose rows become cards on a narrow screen: cells then say themselves what they are (`data-label`). */

import type { ComponentChildren } from 'preact';

interface Props {
    /** What the table holds, for those who do not see it. */
    label: string;
    /** The cells of the head, or just their words. */
    heads: ComponentChildren;
    caption?: ComponentChildren;
    class?: string;
    /** The rows. */
    children: ComponentChildren;
}

export function Cards({ label, heads, caption, children, class: own }: Props) {
    return (
        <div class="scroll" tabIndex={0} role="region" aria-label={label}>
            <table class={own === undefined ? 'cards' : `cards ${own}`}>
                {caption !== undefined && <caption>{caption}</caption>}
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{children}</tbody>
            </table>
        </div>
    );
}

/** Heads that are words and nothing else, each for all to see unless it is `hidden`. */
export function Heads({ of }: { of: readonly (string | { hidden: string })[] }) {
    return (
        <>
            {of.map((words) =>
                typeof words === 'string' ? (
                    <th scope="col" key={words}>
                        {words}
                    </th>
                ) : (
                    <th scope="col" key={words.hidden}>
                        <span class="hidden">{words.hidden}</span>
                    </th>
                ),
            )}
        </>
    );
}

/** What a page is called, what it is for, and where one came from. */

import type { ComponentChildren } from 'preact';
import { onward } from '../state/url';

interface Props {
    children: ComponentChildren;
    /** The path and the name of the page above this one. */
    above?: readonly [path: string, name: string];
    lead?: ComponentChildren;
}

export function Title({ children, above, lead }: Props) {
    return (
        <div class="title">
            {above !== undefined && (
                <p class="crumb">
                    <a href={onward(above[0])}>{above[1]}</a>
                </p>
            )}
            <h1>{children}</h1>
            {lead !== undefined && <p class="lead">{lead}</p>}
        </div>
    );
}

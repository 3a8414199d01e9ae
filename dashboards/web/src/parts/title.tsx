/** What a page is called, what it is for, and where one came from. */

import type { ComponentChildren } from 'preact';

interface Props {
    children: ComponentChildren;
    /** The pages above this one, the nearest last. */
    above?: readonly (readonly [address: string, name: string])[];
    lead?: ComponentChildren;
}

export function Title({ children, above = [], lead }: Props) {
    return (
        <div class="title">
            {above.length > 0 && (
                <p class="crumb">
                    {above.map(([address, name], at) => (
                        <span key={address}>
                            {at > 0 && ' / '}
                            <a href={address}>{name}</a>
                        </span>
                    ))}
                </p>
            )}
            <h1>{children}</h1>
            {lead !== undefined && <p class="lead">{lead}</p>}
        </div>
    );
}

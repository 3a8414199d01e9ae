/** Turning the pages of a list. Where one is stands in the address. */

import { set, usePlace } from '../state/url';

interface Props {
    /** Where the next page begins; null on the last one. */
    next: string | null;
    first?: string;
    more?: string;
}

/** What is open on one page is not on another. */
const turn = (cursor: string | null) => set({ cursor, output: null, case: null });

export function Pages({ next, first = 'First', more = 'More' }: Props) {
    const { params } = usePlace();
    return (
        <div class="pages">
            {params.has('cursor') && (
                <button type="button" onClick={() => turn(null)}>
                    {first}
                </button>
            )}
            {next !== null && (
                <button type="button" onClick={() => turn(next)}>
                    {more}
                </button>
            )}
        </div>
    );
}

/** Where pages of one set are. */

import { onward } from '../../state/url';

/** What is above a page that is about a part of a set. */
export const withinSet = (set: string) =>
    [
        [onward('/evals'), 'Evals'],
        [onward('/evals', { set }), set],
    ] as const;

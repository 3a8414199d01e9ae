/** What is done to an eval set, with what went wrong told. */

import { Problem } from '../../api/client';

/** What `what` gives; `undefined` when it failed, which `tell` is told. */
export async function told<T>(what: () => Promise<T>, tell: (problem: string | undefined) => void): Promise<T | undefined> {
    tell(undefined);
    try {
        return await what();
    } catch (error) {
        tell(error instanceof Problem ? error.detail : String(error));
        return undefined;
    }
}

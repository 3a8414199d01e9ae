/** What the numbers of a page are about, as parameters that every read takes. */

import { conditions, filtersParameter } from './filter';
import { periods, range } from './range';
import { usePlace } from './url';

export function useScope() {
    const { params } = usePlace();
    const now = Date.now();
    const filters = filtersParameter(conditions(params));
    return {
        params,
        /** Time range and filters. */
        scope: { ...range(params, now), filters },
        /** The two periods of a change, and filters. */
        change: { ...periods(params, now), filters },
    };
}

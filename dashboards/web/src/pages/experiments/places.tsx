/** On which days and in which segments users are not spread over the arms as planned. */

import type { Schemas } from '../../api/client';
import { count, pValue } from '../../format/number';
import { bucket } from '../../format/time';
import { Prose } from '../../parts/prose';
import { Explained } from '../../parts/term';

type Places = Schemas['PlacesBalance'];
type Place = { name: string; users: number[]; expected: number[]; p: number };

/** Rows of the table, the worst first. */
const MOST = 10;

export function Places(places: Places) {
    const worst = outstanding(places);
    return (
        <>
            <p class={places.mismatch ? 'sentence' : 'foot'}>
                <Prose text={places.sentence} />
            </p>
            {worst.length > 0 && (
                <table class="narrow" aria-label="Where users are not spread as planned">
                    <thead>
                        <tr>
                            <th scope="col">Where</th>
                            {places.arms.map((arm) => (
                                <th key={arm} scope="col">
                                    {arm}
                                </th>
                            ))}
                            <th scope="col">
                                <Explained text="That chance alone made it so, adjusted for all days and segments that were looked at (Holm).">p</Explained>
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        {worst.slice(0, MOST).map(({ name, users, expected, p }) => (
                            <tr key={name}>
                                <th scope="row">{name}</th>
                                {users.map((own, at) => (
                                    <td key={at}>
                                        {count(own)}, due {count(expected[at] ?? 0)}
                                    </td>
                                ))}
                                <td>{pValue(p)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
        </>
    );
}

function outstanding({ over_time, by_segment, granularity }: Places): Place[] {
    const place = (name: string, { users, expected, adjusted_p_value }: Schemas['PlaceBalance']) => ({ name, users, expected, p: adjusted_p_value ?? 1 });
    return [
        ...over_time.filter((own) => own.balance.stands_out).map((own) => place(`New users of ${bucket(own.from, granularity)}`, own.balance)),
        ...by_segment
            .filter((own) => own.balance.stands_out)
            .map((own) => place(own.value === null ? `No ${own.dimension}` : `${own.dimension} ${own.value}`, own.balance)),
    ].sort((one, other) => one.p - other.p);
}

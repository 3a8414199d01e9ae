/** When a rule fired and when it was over, the cause of each and what was found. */

import type { Schemas } from '../../api/client';
import { minute } from '../../format/time';
import { CAUSES, STATES } from './words';

type Transition = Pick<Schemas['TransitionView'], 'id' | 'cause' | 'state' | 'sentence' | 'noticed_at'> & { muted?: boolean };

export function Transitions({ of }: { of: Transition[] }) {
    return (
        <ul class="attention">
            {of.map(({ id, noticed_at, cause, state, sentence, muted = false }) => (
                <li key={id}>
                    <span aria-hidden="true">{STATES[state].sign}</span>
                    <div>
                        <strong>{CAUSES[cause]}</strong>{' '}
                        <span class="evidence">
                            known {minute(noticed_at)}
                            {muted && ' · muted'}
                        </span>
                        <p>{sentence}</p>
                    </div>
                </li>
            ))}
        </ul>
    );
}

/** A verdict: shape, colour and words, so that none is needed alone. */

import type { ComponentChildren } from 'preact';
import { type Shape, VERDICTS, type Verdict } from '../format/words';
import { Explained } from './term';

/** The mark of a verdict around a point. */
export function shapePath(shape: Shape, x: number, y: number, radius: number): string {
    const r = radius;
    switch (shape) {
        case 'up':
            return `M${x} ${y - r * 1.1}L${x + r * 1.1} ${y + r * 0.85}H${x - r * 1.1}Z`;
        case 'down':
            return `M${x} ${y + r * 1.1}L${x + r * 1.1} ${y - r * 0.85}H${x - r * 1.1}Z`;
        default:
            return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
    }
}

export function Mark({ verdict }: { verdict: Verdict }) {
    return (
        <svg class={`mark ${verdict}`} width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
            <path d={shapePath(VERDICTS[verdict].shape, 6, 6, 4.5)} />
        </svg>
    );
}

export function VerdictName({ verdict }: { verdict: Verdict }) {
    const { words, meaning } = VERDICTS[verdict];
    return (
        <span class={`verdict ${verdict}`}>
            <Mark verdict={verdict} />
            <Explained text={meaning}>{words}</Explained>
        </span>
    );
}

interface SaysProps {
    sign: string;
    words: ComponentChildren;
    why?: string;
    isAlarm?: boolean;
}

/** What something comes to, with a sign beside it that is not read out. */
export function Says({ sign, words, why, isAlarm = false }: SaysProps) {
    return (
        <span class={isAlarm ? 'says firing' : 'says'}>
            <span aria-hidden="true">{sign}</span> {why === undefined ? words : <Explained text={why}>{words}</Explained>}
        </span>
    );
}

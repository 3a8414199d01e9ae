/** The first metric as it was known at the end of each day: when could one have stopped? */

import type { Schemas } from '../../api/client';
import { dayAxis, ends, marked, settled } from '../../charts/scale';
import { Trend } from '../../charts/trend';
import { counted, isClear, ofDifference, withInterval } from '../../format/number';
import { day } from '../../format/time';
import { useUnit } from '../../parts/catalogue';
import { Figure } from '../../parts/figure';
import { Term } from '../../parts/term';
import { lastDay } from './words';

export function Sequence({ looks, data, id = 'sequence' }: Pick<Schemas['CompareResponse'], 'looks' | 'data'> & { id?: string }) {
    const metric = data[0]?.metric ?? '';
    const unit = ofDifference(useUnit(metric));
    const [first, last] = [looks[0], looks.at(-1)];
    if (looks.length < 2 || first === undefined || last === undefined) return null;
    const points = looks.map((look) => ({
        ...look.sequence,
        x: lastDay(look),
        words: `Up to the end of ${day(lastDay(look))}: ${withInterval(look.sequence, unit, true)}`,
    }));
    const limits: [number, number] = unit === 'share_difference' ? [-1, 1] : [-1e12, 1e12];
    // What is known on the first days is hardly anything, and would make a line of all that comes after.
    const scaledBy = settled(points);
    const [least, most] = marked([...ends(scaledBy), 0], limits, unit).domain;
    const cut = points.findLast((point) => ends([point]).some((end) => end < least || end > most));
    const decided = looks[looks.findLastIndex(({ sequence }) => !isClear(sequence)) + 1];
    const undecided = last.sequence.lower === null ? 'There is no interval yet.' : 'Zero is within the interval.';
    return (
        <section class="section" aria-labelledby={id}>
            <div class="section-head">
                <h2 id={id}>Over time</h2>
                <p>{decided === undefined ? undecided : `Since the look of ${day(lastDay(decided))} the interval leaves zero out.`}</p>
            </div>
            <Figure
                title={
                    <>
                        <Term metric={metric} />: difference as it was known each day
                    </>
                }
                caption={`The band holds at all looks at once: it is wider than that of a single look, and may be watched. It begins with ${counted(data[0]?.least_users ?? 0, 'user')}.${cut === undefined ? '' : ` Up to ${day(cut.x)} it reaches beyond the picture.`}`}
                table={{ head: ['Up to the end of', 'Difference at all looks'], rows: looks.map((look) => [day(lastDay(look)), withInterval(look.sequence, unit, true)]) }}
            >
                {(width) => (
                    <Trend
                        label="Difference over time"
                        points={points}
                        scaledBy={scaledBy}
                        width={width}
                        height={220}
                        limits={limits}
                        axis={dayAxis([lastDay(first), lastDay(last)], width)}
                        unit={unit}
                        reference={0}
                    />
                )}
            </Figure>
        </section>
    );
}

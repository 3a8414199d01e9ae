/** How long people who met it keep using it. */

import type { Schemas } from '../../api/client';
import { Trend } from '../../charts/trend';
import { count, counted, withInterval } from '../../format/number';
import { Figure } from '../../parts/figure';
import { halfGone, nobodyFollowed } from './words';

type Week = Schemas['StayingWeek'];

function written({ still_using, at_risk }: Week): string {
    return `${still_using.value === null ? 'no value' : withInterval(still_using, 'share')} of ${counted(at_risk, 'user')}`;
}

/** The reason where nobody was followed, and nothing where nobody met it or it is but a week. */
export function Staying({ staying }: { staying: Schemas['Staying'] }) {
    const { weeks, followed, quiet_days, median_weeks, too_new } = staying;
    const none = nobodyFollowed(staying);
    if (none !== undefined) return <p class="foot">{none}</p>;
    if (weeks.length < 2) return null;
    // Not more names than there is room for.
    const step = Math.ceil(weeks.length / 8);
    return (
        <Figure
            title="Who still uses it"
            caption={`${counted(followed, 'user')} who met it first in this range, by weeks since then; who is silent for ${quiet_days} days has stopped when last seen. ${halfGone(median_weeks)}${too_new === 0 ? '' : ` ${count(too_new)} more came too late to be followed.`}`}
            table={{ head: ['Week', 'Still using it'], rows: weeks.map((week) => [`${week.week + 1}`, written(week)]) }}
        >
            {(width) => (
                <Trend
                    label="Users who still use it by weeks since they met it"
                    points={weeks.map((week) => ({
                        x: week.week,
                        value: week.still_using.value,
                        lower: week.still_using.lower,
                        upper: week.still_using.upper,
                        words: `After week ${week.week + 1}: ${written(week)}`,
                    }))}
                    width={width}
                    height={150}
                    limits={[0, 1]}
                    axis={weeks.filter(({ week }) => week % step === 0).map(({ week }) => ({ x: week, words: `week ${week + 1}` }))}
                    unit="share"
                />
            )}
        </Figure>
    );
}

/** One metric of a feature over time, each bucket leading to its examples. */

import { type Marker, Trend } from '../../charts/trend';
import { count, withInterval } from '../../format/number';
import { bucket } from '../../format/time';
import { useMetric, useUnit } from '../../parts/catalogue';
import { Figure } from '../../parts/figure';
import { Term } from '../../parts/term';
import { go } from '../../state/url';
import { type Answer, axis, immatureFrom, points } from './daily';

interface Props {
    feature: string;
    metric: string;
    answer: Answer;
    limits: [number, number];
    /** Whether it waits for decisions, so that the newest buckets are not mature. */
    waits: boolean;
    markers?: Marker[];
    height?: number;
}

export function DailyTrend({ feature, metric, answer, limits, waits, markers, height }: Props) {
    const title = useMetric(metric)?.title ?? metric;
    const unit = useUnit(metric);
    const immature = waits ? immatureFrom(answer) : undefined;
    return (
        <Figure
            title={<Term metric={metric} />}
            caption={immature === undefined ? undefined : 'Shaded: decisions are still arriving.'}
            table={{
                head: ['When', 'Value', 'n'],
                rows: answer.data.map(({ bucket: start, metrics }) => {
                    const value = metrics[metric];
                    return [bucket(start ?? answer.meta.from, answer.meta.granularity), value && withInterval(value, unit), count(value?.n ?? 0)];
                }),
            }}
        >
            {(width) => (
                <Trend
                    label={`${title} of ${feature} over time`}
                    points={points(answer, metric, unit, feature)}
                    width={width}
                    height={height}
                    limits={limits}
                    axis={axis(answer, width)}
                    unit={unit}
                    markers={markers}
                    immatureFrom={immature}
                    onOpen={go}
                />
            )}
        </Figure>
    );
}

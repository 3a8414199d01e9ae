/** Changes of level that are more than chance, each with its day, its size and its segments. */

import { api, type Schemas } from '../../api/client';
import { type Loaded, useData } from '../../api/data';
import { Bars } from '../../charts/bars';
import { percent } from '../../format/number';
import { date } from '../../format/time';
import { segment } from '../../format/words';
import { useMetric } from '../../parts/catalogue';
import { Difference } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Await } from '../../parts/states';
import { Term } from '../../parts/term';
import { useScope } from '../../state/scope';
import { onward } from '../../state/url';
import { dayOf } from '../../state/range';

type Found = Schemas['DriftResponse'];

/** Drift over all of the feature's time: what is normal is learnt from its first days, not from the range of the page. */
export function useDrift(feature: string): Loaded<Found> {
    const { scope } = useScope();
    const query = scope.filters === undefined ? {} : { filters: scope.filters };
    const load = () => api.get('/api/v1/features/{feature}/drift', { path: { feature }, query });
    return useData(`drift ${feature} ${JSON.stringify(query)}`, load, 'analyses');
}

export function Drift({ feature }: { feature: string }) {
    const drift = useDrift(feature);
    return (
        <Await of={drift}>
            {(found) => (
                <>
                    <p class="foot">
                        Looked for over all of its time, {date(found.meta.from)} – {date(found.meta.to)}.
                    </p>
                    <ul class="findings">
                        {found.data.map((metric) => (
                            <Metric key={metric.metric} feature={feature} {...metric} />
                        ))}
                    </ul>
                    {found.confidence !== null && <Confidence {...found.confidence} />}
                </>
            )}
        </Await>
    );
}

function Metric({ feature, metric, days, changes, alarm }: Schemas['DriftedMetric'] & { feature: string }) {
    const title = useMetric(metric)?.title ?? metric;
    if (changes.length === 0) {
        return (
            <li>
                <strong>
                    <Term metric={metric}>{title}</Term>
                </strong>{' '}
                {days < 14 ? `has too few days to tell (${days}).` : `kept its level over ${days} days.`}
                {alarm !== null && ` Watched day by day it gave an alarm on ${date(alarm)}, which looking back does not bear out.`}
            </li>
        );
    }
    return (
        <>
            {changes.map((change) => (
                <li key={change.at}>
                    <strong>
                        <Term metric={metric}>{title}</Term>
                    </strong>{' '}
                    changed on{' '}
                    <a href={onward('/examples', { feature, from: dayOf(Date.parse(change.at)), to: dayOf(Date.parse(change.at)), range: null })}>
                        {date(change.at)}
                    </a>{' '}
                    by <Difference metric={metric} value={change.difference} />
                    {change.segments.length > 0 && `, most in ${change.segments.map((one) => segment(one.dimension, one.value)).join(', ')}`}.
                </li>
            ))}
        </>
    );
}

function Confidence({ before, after, psi, expected, p_value }: Schemas['ConfidenceShift']) {
    const moved = p_value < 0.05;
    const words = (at: number) => `${percent(at / before.length)} to ${percent((at + 1) / before.length)}`;
    const most = Math.max(...before, ...after);
    return (
        <>
            <p class="sentence">
                {moved ? 'Confidences are spread differently now than at first' : 'Confidences are spread as they were at first'} (stability index{' '}
                {psi.toFixed(2)}, {expected.toFixed(2)} by chance alone).
            </p>
            {moved && (
                <div class="pair">
                    {(
                        [
                            ['In the first days', before],
                            ['In the last days', after],
                        ] as const
                    ).map(([title, shares]) => (
                        <Figure
                            key={title}
                            title={title}
                            table={{ head: ['Confidence', 'Share'], rows: shares.map((share, at) => [words(at), percent(share)]) }}
                        >
                            {(width) => <Bars shares={shares} most={most} width={width} label={`Spread of confidence ${title.toLowerCase()}`} words={words} />}
                        </Figure>
                    ))}
                </div>
            )}
        </>
    );
}


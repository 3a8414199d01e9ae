/** What raters say, step by step of their scale, and how many outputs they rate. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { Steps } from '../../charts/steps';
import { count, counted, percent, withInterval } from '../../format/number';
import { Estimate } from '../../parts/estimate';
import { Figure } from '../../parts/figure';
import { Await, Empty } from '../../parts/states';
import { Term } from '../../parts/term';
import { useScope } from '../../state/scope';

type Scale = Schemas['RatedScale'];
type Step = Schemas['RatingStep'];

/** Beside the distribution; a mean says something of one scale only. */
const FACTS = ['feedback_rate', 'positive_rating_rate', 'rating_mean', 'rating_flips'];
const OF_ONE_SCALE = 'rating_mean';

export function Ratings({ feature }: { feature: string }) {
    const { scope } = useScope();
    const load = () => api.get('/api/v1/features/{feature}/ratings', { path: { feature }, query: scope });
    const found = useData(`ratings ${feature} ${JSON.stringify(scope)}`, load, 'analyses');
    return (
        <Await of={found} lines={8}>
            {({ data }) => {
                const [slice] = data;
                return slice === undefined || slice.scales.length === 0 ? <Unrated shown={slice?.metrics['feedback_rate']?.denominator ?? 0} /> : <Found {...slice} />;
            }}
        </Await>
    );
}

function Unrated({ shown }: { shown: number }) {
    return (
        <Empty title="Nobody rated it in this range">
            {shown > 0 && <>None of {counted(shown, 'output')} has a rating. </>}
            Thumbs are events of the type <code>rate</code> with a <code>rating</code> of 0 or 1; other scales say their ends with <code>rating_min</code> and{' '}
            <code>rating_max</code>.
        </Empty>
    );
}

function Found({ scales, metrics }: Schemas['RatingsSlice']) {
    const facts = FACTS.filter((id) => id !== OF_ONE_SCALE || (scales.length === 1 && scales[0]?.form !== 'thumbs'));
    return (
        <>
            <div class={scales.length > 1 ? 'pair' : undefined}>
                {scales.map((scale) => (
                    <Distribution key={title(scale)} scale={scale} />
                ))}
            </div>
            <dl class="facts wide">
                {facts.map((id) => (
                    <div key={id}>
                        <dt>
                            <Term metric={id} />
                        </dt>
                        <dd>
                            <Estimate metric={id} value={metrics[id]} />
                        </dd>
                    </div>
                ))}
            </dl>
        </>
    );
}

function Distribution({ scale }: { scale: Scale }) {
    const { steps, positive, ratings } = scale;
    const told = steps.map((step) => `${name(scale, step)} ${percent(step.share.value ?? 0)}`).join(', ');
    return (
        <Figure
            title={title(scale)}
            caption={`${counted(ratings, 'rating')}; ${withInterval(positive, 'share')} in the upper half. Those who rate are seldom like those who do not.`}
            table={{
                head: ['Rating', 'Share', 'Ratings'],
                rows: steps.map((step) => [name(scale, step), withInterval(step.share, 'share'), count(step.ratings)]),
            }}
        >
            {(width) => (
                <Steps
                    steps={steps.map((step) => ({
                        name: name(scale, step),
                        share: step.share,
                        words: `${name(scale, step)}: ${withInterval(step.share, 'share')}, ${counted(step.ratings, 'rating')}`,
                    }))}
                    width={width}
                    label={`Ratings, ${title(scale)}: ${told}`}
                />
            )}
        </Figure>
    );
}

function title({ form, lowest, highest }: Scale): string {
    return form === 'thumbs' ? 'Thumbs' : `From ${lowest} to ${highest}`;
}

function name({ form }: Scale, { from, to }: Step): string {
    if (form === 'thumbs') return from > 0 ? 'Up' : 'Down';
    return form === 'steps' ? String(from) : `${from}–${to}`;
}

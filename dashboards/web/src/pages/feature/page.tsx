/** Everything about one feature: the verdict first, then one question after the other. */

import { useLayoutEffect } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { span } from '../../format/time';
import { Controls } from '../../parts/controls';
import { Estimate } from '../../parts/estimate';
import { useNear } from '../../parts/figure';
import { Await, Empty } from '../../parts/states';
import { Term } from '../../parts/term';
import { Title } from '../../parts/title';
import { VerdictName } from '../../parts/verdict';
import { useScope } from '../../state/scope';
import { onward } from '../../state/url';
import { type Section, SECTIONS } from './sections';

const HEADLINE = ['trust', 'trustworthiness', 'trust_gap', 'acceptance_rate', 'correctness_rate', 'judgement_coverage'];

type Trust = Schemas['TrustResponse'];

export function Feature({ name: feature }: { name: string }) {
    const { scope } = useScope();
    const trust = useData(`trust ${feature} ${JSON.stringify(scope)}`, () =>
        api.get('/api/v1/features/{feature}/trust', { path: { feature }, query: scope }),
    );
    return (
        <>
            <Title above={[[onward('/'), 'Overview']]}>{feature}</Title>
            <Controls withChange without={['feature']} />
            <Await of={trust} lines={5}>
                {(found) => (isEmpty(found) ? <Nothing feature={feature} /> : <Verdict {...found} />)}
            </Await>
            {/* Sections do not wait for the verdict, unless there is nothing for them to say. */}
            {trust.problem?.status !== 404 &&
                !(trust.data !== undefined && isEmpty(trust.data)) &&
                SECTIONS.map((section) => <Shown key={section.id} {...section} feature={feature} />)}
        </>
    );
}

function isEmpty({ data }: Trust): boolean {
    return data.every(({ metrics }) => (metrics['judgement_coverage']?.denominator ?? 0) === 0);
}

function Nothing({ feature }: { feature: string }) {
    return (
        <Empty title="No outputs here">
            <p>Nothing of this feature was shown in this time range with these filters.</p>
            <p>
                <a href={`/features/${encodeURIComponent(feature)}?range=all`}>All time, without filters</a>
            </p>
        </Empty>
    );
}

function Verdict({ feature, data, meta }: Trust) {
    const slice = data[0];
    if (slice === undefined) return null;
    return (
        <section class="verdict-box" aria-label="Verdict">
            <p class="sentence">
                <VerdictName verdict={slice.verdict} /> <span>{slice.sentence}</span>
            </p>
            <dl class="headline">
                {HEADLINE.map((metric) => (
                    <div key={metric}>
                        <dt>
                            <Term metric={metric} />
                        </dt>
                        <dd>
                            <Estimate metric={metric} value={slice.metrics[metric]} />
                        </dd>
                    </div>
                ))}
            </dl>
            <p class="foot">
                {span(meta.from, meta.to)}, UTC days. <a href={onward('/examples', { feature })}>Read the outputs</a>
            </p>
        </section>
    );
}

/** A section asks for its data when it comes near the window. */
function Shown({ id, title, question, Body, feature }: Section & { feature: string }) {
    const [ref, near] = useNear();
    useLayoutEffect(() => {
        // The browser looks for a fragment before there are sections.
        if (location.hash === `#${id}`) ref.current?.scrollIntoView();
    }, []);
    return (
        <section ref={ref} id={id} class="section" aria-labelledby={`${id}-title`}>
            <div class="section-head">
                <h2 id={`${id}-title`}>{title}</h2>
                <p>{question}</p>
            </div>
            {near ? <Body feature={feature} /> : <div class="unseen" />}
        </section>
    );
}

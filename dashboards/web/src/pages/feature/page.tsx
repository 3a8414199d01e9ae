/** Everything about one feature: the verdict first, then one question after the other. */

import { api } from '../../api/client';
import { useData } from '../../api/data';
import { span } from '../../format/time';
import { Controls } from '../../parts/controls';
import { Estimate } from '../../parts/estimate';
import { useNear } from '../../parts/figure';
import { Await, Empty } from '../../parts/states';
import { Term } from '../../parts/term';
import { VerdictName } from '../../parts/verdict';
import { useScope } from '../../state/scope';
import { onward } from '../../state/url';
import { type Section, SECTIONS } from './sections';

const HEADLINE = ['trust', 'trustworthiness', 'trust_gap', 'acceptance_rate', 'correctness_rate', 'judgement_coverage'];

export function Feature({ name }: { name: string }) {
    return (
        <>
            <div class="title">
                <p class="crumb">
                    <a href={onward('/')}>Overview</a>
                </p>
                <h1>{name}</h1>
            </div>
            <Controls withChange without={['feature']} />
            <Verdict feature={name} />
            {SECTIONS.map((section) => (
                <Shown key={section.id} {...section} feature={name} />
            ))}
        </>
    );
}

function Verdict({ feature }: { feature: string }) {
    const { scope } = useScope();
    const trust = useData(`trust ${feature} ${JSON.stringify(scope)}`, () =>
        api.get('/api/v1/features/{feature}/trust', { path: { feature }, query: scope }),
    );
    return (
        <Await of={trust} lines={5}>
            {({ data, meta }) => {
                const slice = data[0];
                if (slice === undefined) return <Empty title="No outputs in this range" />;
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
            }}
        </Await>
    );
}

/** A section asks for its data when it comes near the window. */
function Shown({ id, title, question, Body, feature }: Section & { feature: string }) {
    const [ref, near] = useNear();
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

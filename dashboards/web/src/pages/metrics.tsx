/** The catalogue: what every number means. */

import { type Definition, useDefinitions } from '../parts/catalogue';
import { Prose } from '../parts/prose';
import { Await, Empty } from '../parts/states';
import { Title } from '../parts/title';
import { set, usePlace } from '../state/url';

const DIRECTIONS: Record<Definition['direction'], string> = {
    higher_is_better: 'higher is better',
    lower_is_better: 'lower is better',
    closer_to_zero_is_better: 'closer to zero is better',
    neutral: 'neither way is better by itself',
};

export function Metrics() {
    const { params } = usePlace();
    const catalogue = useDefinitions();
    const wanted = (params.get('q') ?? '').toLowerCase();
    return (
        <>
            <Title lead="What every number means. Rates count outputs: one thing the AI showed one user.">Metrics</Title>
            <div class="controls">
                <label>
                    <span class="label">Find</span>
                    <input type="search" value={params.get('q') ?? ''} onInput={(event) => set({ q: event.currentTarget.value }, true)} />
                </label>
            </div>
            <Await of={catalogue} lines={20}>
                {({ data }) => <Families found={data.filter((metric) => matches(metric, wanted))} />}
            </Await>
        </>
    );
}

function matches({ id, title, summary, formula }: Definition, wanted: string): boolean {
    return [id, title, summary, formula].some((text) => text.toLowerCase().includes(wanted));
}

function Families({ found }: { found: Definition[] }) {
    if (found.length === 0) return <Empty title="No metric is called that" />;
    const families = [...new Set(found.map(({ family }) => family))];
    return (
        <>
            {families.map((family) => (
                <section key={family} class="section" aria-labelledby={`family-${family}`}>
                    <h2 id={`family-${family}`}>{family.replaceAll('_', ' ')}</h2>
                    {found
                        .filter((metric) => metric.family === family)
                        .map((metric) => (
                            <Entry key={metric.id} {...metric} />
                        ))}
                </section>
            ))}
        </>
    );
}

function Entry({ id, title, summary, formula, unit, direction, interval, source }: Definition) {
    return (
        <article class="definition" id={id}>
            <h3>
                {title} <code>{id}</code>
            </h3>
            <p>
                <Prose text={summary} />
            </p>
            <dl>
                <dt>Formula</dt>
                <dd>
                    <Prose text={formula} />
                </dd>
                <dt>Unit</dt>
                <dd>
                    {unit.replaceAll('_', ' ')}; {DIRECTIONS[direction]}
                </dd>
                <dt>Interval</dt>
                <dd>
                    <Prose text={interval} />
                </dd>
                <dt>Source</dt>
                <dd>
                    <Prose text={source} />
                </dd>
            </dl>
        </article>
    );
}

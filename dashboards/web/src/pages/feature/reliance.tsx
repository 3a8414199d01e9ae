/** Right or wrong, taken or declined: the two-by-two, in words. */

import { api, type Estimate as Value, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { count, counted, percent, withInterval } from '../../format/number';
import { Estimate } from '../../parts/estimate';
import { Await, Empty } from '../../parts/states';
import { Term } from '../../parts/term';
import { useScope } from '../../state/scope';
import { onward } from '../../state/url';
import { moved } from './words';

const MORE = ['d_prime', 'criterion', 'switch_rate', 'rair', 'rsr', 'initial_accuracy'];

export function Reliance({ feature }: { feature: string }) {
    const { scope } = useScope();
    const found = useData(`reliance ${feature} ${JSON.stringify(scope)}`, () =>
        api.get('/api/v1/features/{feature}/reliance', { path: { feature }, query: scope }),
    );
    return (
        <Await of={found}>
            {({ data: [slice] }) => {
                const numbers = slice && moved(slice.advice);
                return (
                    <>
                        <Square slice={slice} feature={feature} />
                        {numbers !== undefined && <p class="sentence">{numbers}</p>}
                    </>
                );
            }}
        </Await>
    );
}

function Square({ slice, feature }: { slice: Schemas['RelianceSlice'] | undefined; feature: string }) {
    const over = slice?.metrics['over_reliance'];
    const under = slice?.metrics['under_reliance'];
    const wrong = over?.denominator ?? 0;
    const right = under?.denominator ?? 0;
    if (slice === undefined || wrong + right === 0) {
        return (
            <Empty title="No output was both decided and judged">
                Label a few <a href={onward('/examples', { feature })}>examples</a>, or send <code>judge</code> events.
            </Empty>
        );
    }
    const examples = (decision: string, correct: boolean) => onward('/examples', { feature, decision, correct: String(correct) });
    const cell = (n: number, of: number, words: string, tone: string, decision: string, correct: boolean) => (
        <td class={tone}>
            <a href={examples(decision, correct)}>
                <strong>{words}</strong>
                <span class="number">{of === 0 ? '–' : percent(n / of)}</span>
                <span class="evidence">
                    {count(n)} of {count(of)}
                </span>
            </a>
        </td>
    );
    const taken = over?.numerator ?? 0;
    const declined = under?.numerator ?? 0;
    const more = MORE.filter((metric) => slice.metrics[metric]?.value != null);
    return (
        <div class="split">
            <div>
                <p class="sentence">{sentence(over, under)}</p>
                <table class="square">
                    <thead>
                        <tr>
                            <td />
                            <th scope="col">It was right</th>
                            <th scope="col">It was wrong</th>
                        </tr>
                    </thead>
                    <tbody>
                        <tr>
                            <th scope="row">Users took it</th>
                            {cell(right - declined, right, 'Well used', 'good', 'accepted', true)}
                            {cell(taken, wrong, 'Over-reliance', 'over', 'accepted', false)}
                        </tr>
                        <tr>
                            <th scope="row">Users declined it</th>
                            {cell(declined, right, 'Under-reliance', 'under', 'rejected', true)}
                            {cell(wrong - taken, wrong, 'Well declined', 'good', 'rejected', false)}
                        </tr>
                    </tbody>
                </table>
            </div>
            <dl class="facts">
                {['over_reliance', 'under_reliance', 'appropriate_reliance', ...more].map((metric) => (
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
        </div>
    );
}

function sentence(over: Value | undefined, under: Value | undefined): string {
    const parts: string[] = [];
    if (over?.value != null) {
        parts.push(`Of ${counted(over.denominator ?? 0, 'wrong output')} users took ${count(over.numerator ?? 0)} all the same: ${withInterval(over, 'share')}.`);
    }
    if (under?.value != null) {
        parts.push(`Of ${counted(under.denominator ?? 0, 'right output')} they declined ${count(under.numerator ?? 0)}: ${withInterval(under, 'share')}.`);
    }
    return parts.join(' ');
}

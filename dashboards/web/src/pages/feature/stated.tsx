/** Whether people do as they say. Told where they are asked how far they trust it. */

import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { count, counted, percent } from '../../format/number';
import { Cards, Heads } from '../../parts/cards';
import { Coefficient, Estimate } from '../../parts/estimate';
import { Await, Silence } from '../../parts/states';
import { Explained, Term } from '../../parts/term';
import { useScope } from '../../state/scope';

type Answer = Schemas['StatedTrustResponse'];

const BEHAVIOUR = ['acceptance_rate', 'over_reliance', 'under_reliance'] as const;

export function Stated({ feature }: { feature: string }) {
    const { scope } = useScope();
    const load = () => api.get('/api/v1/features/{feature}/stated-trust', { path: { feature }, query: scope });
    const found = useData(`stated trust ${feature} ${JSON.stringify(scope)}`, load, 'analyses');
    return <Await of={found}>{(answer) => (answer.data.stated.n === 0 ? <Silence /> : <Found {...answer} />)}</Await>;
}

function Found({ data }: Answer) {
    const { sentence, stated, taken, correlation, thirds, undecided_users, answers_of_nobody } = data;
    return (
        <>
            <p class="sentence">{sentence}</p>
            <dl class="facts wide">
                <div>
                    <dt>
                        <Explained text="Their place on the scale, of 100 % at its upper end: the mean of each one's answers, then over people.">Stated trust</Explained>
                    </dt>
                    <dd>
                        <Estimate value={stated} />
                    </dd>
                </div>
                <div>
                    <dt>
                        <Explained text="The share that each took of what they decided on, as a mean over the same people.">Taken, each counting once</Explained>
                    </dt>
                    <dd>
                        <Estimate value={taken} />
                    </dd>
                </div>
                <div>
                    <dt>
                        <Explained text="Over people, of what they say and what they take: 1 where those who say more take more, 0 where the two go apart.">
                            Rank correlation
                        </Explained>
                    </dt>
                    <dd>
                        <Coefficient value={correlation} />
                    </dd>
                </div>
                {BEHAVIOUR.filter((metric) => data[metric].value !== null).map((metric) => (
                    <div key={metric}>
                        <dt>
                            <Term metric={metric} />
                        </dt>
                        <dd>
                            <Estimate metric={metric} value={data[metric]} />
                        </dd>
                    </div>
                ))}
            </dl>
            {thirds.length > 1 && <Thirds thirds={thirds} />}
            <p class="foot">
                Those who answer are seldom like those who do not.
                {undecided_users > 0 && ` ${counted(undecided_users, 'user')} said something and decided nothing.`}
                {answers_of_nobody > 0 && ` Left out: ${counted(answers_of_nobody, 'answer')} of nobody known.`}
            </p>
        </>
    );
}

function Thirds({ thirds }: { thirds: Schemas['StatedTrustThird'][] }) {
    return (
        <Cards label="What people take, by what they say" heads={<Heads of={['They say', 'People', 'They take']} />}>
            {thirds.map(({ from, to, users, acceptance_rate }) => (
                <tr key={from}>
                    <th scope="row">{from === to ? percent(from) : `${percent(from)} to ${percent(to)}`}</th>
                    <td data-label="People">{count(users)}</td>
                    <td data-label="They take">
                        <Estimate metric="acceptance_rate" value={acceptance_rate} />
                    </td>
                </tr>
            ))}
        </Cards>
    );
}

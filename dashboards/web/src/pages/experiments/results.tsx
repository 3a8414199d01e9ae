/** What an experiment has shown so far, and what to do about it. */

import { api, type Schemas } from '../../api/client';
import { outdate, reload, useData } from '../../api/data';
import { count, ofDifference, percent, withInterval } from '../../format/number';
import { date, minute, span } from '../../format/time';
import { Cards } from '../../parts/cards';
import { useUnit } from '../../parts/catalogue';
import { DrawnDifference } from '../../parts/estimate';
import { Trouble, useAttempt } from '../../parts/form';
import { Prose } from '../../parts/prose';
import { Await, Empty } from '../../parts/states';
import { Explained, Term } from '../../parts/term';
import { Title } from '../../parts/title';
import { Says } from '../../parts/verdict';
import { go, onward, toFeature } from '../../state/url';
import { Findings } from '../compare/findings';
import { Sequence } from '../compare/sequence';
import { reach } from '../compare/words';
import { Places } from './places';
import { broken, spread } from './plan';

type Answer = Schemas['ExperimentResults'];
type Arm = Schemas['ArmResult'];

const CONCLUSIONS: Record<Schemas['Conclusion'], { words: string; sign: string; why: string }> = {
    adopt: { words: 'Adopt it', sign: '+', why: 'What decides is better, and all guardrails hold.' },
    reject: { words: 'Reject it', sign: '−', why: 'What decides is worse, or a guardrail is broken.' },
    no_difference: { words: 'No difference worth having', sign: '=', why: 'Whatever there is, is less than the least difference declared.' },
    wait: { words: 'Wait', sign: '…', why: 'It is not over: what decides, or a guardrail, cannot be told yet.' },
    investigate: {
        words: 'Investigate first',
        sign: '!',
        why: 'Users are not spread over the arms as planned: find out why before believing anything.',
    },
};

const GUARDRAILS: Record<Schemas['GuardrailVerdict'], { words: string; sign: string }> = {
    holds: { words: 'Holds', sign: '✓' },
    broken: { words: 'Broken', sign: '✗' },
    cannot_tell_yet: { words: 'Cannot tell yet', sign: '?' },
};

export function Results({ name, admin }: { name: string; admin: boolean }) {
    const path = { experiment: name };
    const found = useData(`results ${name}`, () => api.get('/api/v1/experiments/{experiment}/results', { path }), 'analyses');
    return (
        <>
            <Title above={[[onward('/experiments'), 'Experiments']]}>{name}</Title>
            <Await of={found} lines={14}>
                {(answer) => (
                    <>
                        <Found {...answer} />
                        {admin && <Actions name={name} status={answer.status} />}
                    </>
                )}
            </Await>
        </>
    );
}

function Found({ experiment, status, balance, notes, data, meta }: Answer) {
    const { feature, arms, starts_at, declared_at, ends_at } = experiment;
    const control = arms[0]?.name ?? 'control';
    const why = balance === null ? undefined : broken(balance);
    // Where users are not spread as planned is said beside their numbers.
    const others = notes.filter((note) => note !== balance?.places?.sentence);
    return (
        <>
            <p class="sentence">
                <a href={toFeature(feature)}>{feature}</a>: {arms.map((arm) => arm.name).join(' against ')}, decided
                by <Term metric={experiment.primary_metric} />. Declared {minute(declared_at)}, {status === 'planned' ? 'starts' : 'started'}{' '}
                {date(starts_at)}
                {ends_at == null ? '' : `, ${status === 'ended' ? 'ended' : 'ends'} ${date(ends_at)}`}.
            </p>
            {why !== undefined && (
                <p class="notice" role="alert">
                    {why}
                </p>
            )}
            {status === 'planned' && <Empty title="It has not started">Nothing is looked at before {date(starts_at)}.</Empty>}
            {data.map((arm) => (
                <ArmFound key={arm.arm} {...arm} control={control} margin={experiment.margin} several={data.length > 1} />
            ))}
            {balance !== null && <Balance {...balance} />}
            {others.length > 0 && (
                <section class="section" aria-labelledby="notes">
                    <h2 id="notes">Before you believe it</h2>
                    <ul class="findings">
                        {others.map((note) => (
                            <li key={note}>
                                <Prose text={note} />
                            </li>
                        ))}
                    </ul>
                </section>
            )}
            {meta.from != null && meta.to != null && (
                <p class="foot">
                    {span(meta.from, meta.to)}, intervals at {percent(meta.level)}.
                </p>
            )}
        </>
    );
}

function ArmFound({ arm, conclusion, primary, guardrails, looks, control, margin, several }: Arm & { control: string; margin: number; several: boolean }) {
    const { words, sign, why } = CONCLUSIONS[conclusion];
    return (
        <>
            <section class="section" aria-labelledby={`arm-${arm}`}>
                <h2 id={`arm-${arm}`} class="conclusion">
                    <span aria-hidden="true">{sign}</span> {several ? `${arm}: ${words}` : words}
                </h2>
                <p class="sentence">{why}</p>
                <Findings data={[primary]} baseline={control} candidate={arm} margin={margin} />
                {guardrails.length > 0 && <Guardrails guardrails={guardrails} />}
            </section>
            <Sequence looks={looks} data={[primary]} id={`sequence-${arm}`} />
        </>
    );
}

function Guardrails({ guardrails }: Pick<Arm, 'guardrails'>) {
    return (
        <>
            <h3>Guardrails</h3>
            <Cards
                label="Guardrails"
                heads={
                    <>
                        <th scope="col">Must not get worse</th>
                        <th scope="col">
                            <Explained text="Candidate minus control, with the interval that holds at all looks at once.">At all looks</Explained>
                        </th>
                        <th scope="col">May be worse by</th>
                    </>
                }
            >
                {guardrails.map((one) => (
                    <Guarded key={one.compared.metric} {...one} />
                ))}
            </Cards>
        </>
    );
}

function Guarded({ compared, margin, verdict }: Schemas['Guardrail']) {
    const { metric, sequence } = compared;
    const unit = ofDifference(useUnit(metric));
    return (
        <tr>
            <th scope="row">
                <strong>
                    <Term metric={metric} />
                </strong>
                <Says {...GUARDRAILS[verdict]} />
            </th>
            <td data-label="At all looks">
                <DrawnDifference value={sequence} unit={unit} domain={reach([sequence, { value: margin }])} />
            </td>
            <td data-label="May be worse by" class="number">
                {withInterval({ value: margin }, unit, false)}
            </td>
        </tr>
    );
}

function Balance(balance: Schemas['ArmBalance']) {
    const { arms, places } = balance;
    const all = arms.reduce((sum, { users }) => sum + (users ?? 0), 0);
    return (
        <section class="section" aria-labelledby="balance">
            <div class="section-head">
                <h2 id="balance">Users by arm</h2>
                <p>{spread(balance)}</p>
            </div>
            <table class="narrow">
                <thead>
                    <tr>
                        <th scope="col">Arm</th>
                        <th scope="col">Users</th>
                        <th scope="col">Share</th>
                        <th scope="col">Planned</th>
                    </tr>
                </thead>
                <tbody>
                    {arms.map(({ arm, users, planned_share }) => (
                        <tr key={arm}>
                            <th scope="row">{arm}</th>
                            <td>{users === null ? '–' : count(users)}</td>
                            <td>{users === null || all === 0 ? '–' : percent(users / all)}</td>
                            <td>{percent(planned_share)}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
            {places !== null && <Places {...places} />}
        </section>
    );
}

function Actions({ name, status }: { name: string; status: Schemas['ExperimentStatus'] }) {
    const { attempt, problem } = useAttempt();
    const path = { experiment: name };
    const end = async () => {
        await api.patch('/api/v1/experiments/{experiment}', { path, body: { ends_at: new Date().toISOString() } });
        reload();
    };
    const remove = async () => {
        await api.delete('/api/v1/experiments/{experiment}', { path });
        outdate();
        go(onward('/experiments'), true);
    };
    return (
        <div class="foot labelling">
            {status === 'running' && (
                <button type="button" onClick={() => confirm(`End “${name}” now? Outputs from now on are not part of it.`) && void attempt(end)}>
                    End it now
                </button>
            )}
            <button type="button" onClick={() => confirm(`Delete the declaration of “${name}”? The outputs stay.`) && void attempt(remove)}>
                Delete
            </button>
            <Trouble problem={problem} />
        </div>
    );
}

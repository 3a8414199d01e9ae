/** What it should have said instead: the map to use, and whether it would help. */

import { address, api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { Curve } from '../../charts/curve';
import { counted, percent, withInterval } from '../../format/number';
import { Cards } from '../../parts/cards';
import { Figure } from '../../parts/figure';
import { Await } from '../../parts/states';
import { Explained } from '../../parts/term';
import { useScope } from '../../state/scope';

type Answer = Schemas['RecalibrationResponse'];

const FORMS: Record<Schemas['MapForm'], string> = {
    temperature: 'Temperature',
    platt: 'Platt',
    beta: 'Beta',
    isotonic: 'Isotonic',
};

export function Recalibration({ feature, target }: { feature: string; target: Schemas['CalibrationTarget'] }) {
    const { scope } = useScope();
    const query = { ...scope, target };
    const path = '/api/v1/features/{feature}/recalibration';
    const found = useData(`recalibration ${feature} ${JSON.stringify(query)}`, () => api.get(path, { path: { feature }, query }), 'analyses');
    return (
        <>
            <h3>Recalibration</h3>
            <Await of={found}>{(answer) => <Found {...answer} file={address(path, { feature }, { ...query, format: 'csv' })} />}</Await>
        </>
    );
}

function Found({ verdict, sentence, recommended, maps, table, outputs, users, file }: Answer & { file: string }) {
    return (
        <>
            <p class="sentence">{sentence}</p>
            {recommended !== null && (
                <Figure
                    title={`What to say instead (${FORMS[recommended]})`}
                    caption="Above the diagonal it should have been more confident, below less."
                    table={{
                        head: ['Confidence', 'Say instead'],
                        rows: table.filter((_, at) => at % 5 === 0).map((row) => [percent(row.confidence), percent(row.recommended)]),
                    }}
                >
                    {(width) => (
                        <Curve
                            points={table.map((row) => ({ x: row.confidence, y: row.recommended }))}
                            width={width}
                            across="Stated confidence"
                            label={`Recalibrated against stated confidence: ${[0.25, 0.5, 0.75].map((at) => said(table, at)).join(', ')}`}
                        />
                    )}
                </Figure>
            )}
            {verdict !== 'too_few' && <Gains maps={maps} recommended={recommended} />}
            <p class="foot">
                From {counted(outputs, 'output')} of {counted(users, 'user')} with a confidence and a known outcome.
                {recommended !== null && (
                    <>
                        {' '}
                        <a href={file} download="recalibration.csv">
                            Download the map as CSV
                        </a>
                    </>
                )}
            </p>
        </>
    );
}

function said(table: Answer['table'], confidence: number): string {
    const row = table.find((each) => Math.abs(each.confidence - confidence) < 1e-9);
    return row === undefined ? '' : `${percent(row.confidence)} becomes ${percent(row.recommended)}`;
}

function Gains({ maps, recommended }: Pick<Answer, 'maps' | 'recommended'>) {
    return (
        <Cards
            label="What each map would gain"
            class="gains"
            heads={
                <>
                    <th scope="col">Map</th>
                    <th scope="col">
                        <Explained text="What it takes off the Brier score for users to whom it was not fitted; above zero is better.">
                            For other users
                        </Explained>
                    </th>
                    <th scope="col">
                        <Explained text="The same for the last three tenths of the outputs, fitted to those before.">On later days</Explained>
                    </th>
                </>
            }
        >
            {maps.map(({ form, other_users, later_days }) => (
                <tr key={form}>
                    <th scope="row">
                        {FORMS[form]}
                        {form === recommended && <span class="evidence">recommended</span>}
                    </th>
                    <td data-label="For other users" class="number">
                        {withInterval(other_users.brier, 'share_difference')}
                    </td>
                    <td data-label="On later days" class="number">
                        {withInterval(later_days.brier, 'share_difference')}
                    </td>
                </tr>
            ))}
        </Cards>
    );
}

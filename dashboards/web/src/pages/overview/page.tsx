/** Which features are trusted too much or too little, and what moved? */

import { useEffect, useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client';
import { useData } from '../../api/data';
import { CALIBRATED, type Placed, Quadrant } from '../../charts/quadrant';
import { count, counted, percent, withInterval } from '../../format/number';
import { DAY, span } from '../../format/time';
import { VERDICTS, type Verdict } from '../../format/words';
import { Controls } from '../../parts/controls';
import { Figure } from '../../parts/figure';
import { Await, Empty } from '../../parts/states';
import { Title } from '../../parts/title';
import { useScope } from '../../state/scope';
import { onward, toFeature } from '../../state/url';
import { Attention } from './attention';
import { Firing } from './firing';
import { FeatureTable, rankBy } from './table';

type Summary = Schemas['FeatureSummary'];

const ORDER: Verdict[] = ['over', 'under', 'calibrated', 'insufficient'];

export function Overview() {
    const { scope, params } = useScope();
    const rank = rankBy(params);
    const query = rank === undefined ? scope : { ...scope, rank_by: rank };
    const features = useData(`features ${JSON.stringify(query)}`, () => api.get('/api/v1/features', { query }));
    return (
        <>
            <Title lead={features.data && inWords(features.data.data)}>Overview</Title>
            <Controls withChange />
            <Firing />
            <Await of={features} lines={14}>
                {({ data, meta }) => (data.length === 0 ? <Nothing /> : <Found features={data} meta={meta} />)}
            </Await>
        </>
    );
}

/** `2 features are over-trusted, 1 is calibrated.` */
function inWords(features: Summary[]): string {
    const parts = ORDER.flatMap((verdict) => {
        const n = features.filter((feature) => feature.verdict === verdict).length;
        if (n === 0) return [];
        const what = verdict === 'insufficient' ? 'cannot be told yet' : `${n === 1 ? 'is' : 'are'} ${VERDICTS[verdict].words.toLowerCase()}`;
        return [`${count(n)} ${what}`];
    });
    return features.length === 0 ? '' : `Of ${counted(features.length, 'feature')}, ${parts.join(', ')}.`;
}

const days = ({ from, to }: Schemas['QueryMeta']) => (Date.parse(to) - Date.parse(from)) / DAY;

function Found({ features, meta }: { features: Summary[]; meta: Schemas['QueryMeta'] }) {
    const placed: Placed[] = features.flatMap(({ feature, verdict, metrics }) => {
        const { trust, trustworthiness, trust_gap: gap = { value: null }, shown } = metrics;
        if (trust === undefined || trustworthiness === undefined || trust.value === null) return [];
        const href = toFeature(feature);
        return [{ name: feature, verdict, trust, trustworthiness, gap, volume: shown?.value ?? 0, href }];
    });
    const unjudged = features.length - placed.length;
    return (
        <>
            <div class="split">
                <Figure
                    title="Trust against trustworthiness"
                    caption={
                        <>
                            On the diagonal people take as much as is right; the grey band reaches {Math.round(CALIBRATED * 100)} points to either side. Verdicts
                            rest on the interval of the gap and not on the place of the mark: calibrated is what surely is in the band, over- or
                            under-trusted what surely is off the diagonal. Marks grow with volume; lines are {percent(meta.level)} intervals.
                            {unjudged > 0 && ` Not in the picture: ${counted(unjudged, 'feature')} without judgements.`}
                        </>
                    }
                    table={{
                        head: ['Feature', 'Verdict', 'Gap', 'Trust', 'Trustworthiness', 'Shown'],
                        rows: placed.map((item) => [
                            item.name,
                            VERDICTS[item.verdict].words,
                            withInterval(item.gap, 'share_difference'),
                            withInterval(item.trust, 'share'),
                            withInterval(item.trustworthiness, 'share'),
                            count(item.volume),
                        ]),
                    }}
                >
                    {(width) => (placed.length === 0 ? <NoJudgements /> : <Quadrant items={placed} width={width} />)}
                </Figure>
                <Attention features={features} />
            </div>
            <FeatureTable features={features} days={days(meta)} />
            <p class="foot">
                {span(meta.from, meta.to)}, UTC days. Decisions on the newest outputs are still arriving. <Age />
            </p>
        </>
    );
}

/** How old the numbers on the page are. */
function Age() {
    const [at, setAt] = useState(Date.now());
    const status = useData('status', () => api.get('/api/v1/status'));
    useEffect(() => {
        const timer = setInterval(() => setAt(Date.now()), 10_000);
        return () => clearInterval(timer);
    }, []);
    const folded = status.data?.folded_at;
    if (folded === undefined) return null;
    const minutes = Math.max(0, Math.floor((at - Date.parse(folded)) / 60_000));
    const ago = minutes < 120 ? `${count(minutes)} min ago` : `${count(Math.floor(minutes / 60))} h ago`;
    return <>Last new data {minutes === 0 ? 'just now' : ago}.</>;
}

function NoJudgements() {
    return (
        <Empty title="Nothing was judged in this range">
            Trust is what people do; trustworthiness is what judgements say. Send <code>judge</code> events, or label a few outputs by
            hand in <a href={onward('/examples', { judged: 'false' })}>Examples</a>: this picture needs both.
        </Empty>
    );
}

function Nothing() {
    const { params } = useScope();
    if (params.has('filter') || params.has('range') || params.has('from') || params.has('to')) {
        return (
            <Empty title="No outputs here">
                <p>Nothing was shown in this time range with these filters.</p>
                <p>
                    <a href="/?range=all">All time, without filters</a>
                </p>
            </Empty>
        );
    }
    return (
        <Empty title="No outputs in the last 28 days">
            <p>Send the first event; the page shows it within two seconds:</p>
            <pre>
                <code>{`curl -H "X-Api-Key: $KEY" ${location.origin}/api/v1/events \\
  -d '{"type":"accept","output_id":"draft-81","feature":"email.draft"}'`}</code>
            </pre>
            <p>
                Keys are made in <a href="/settings">Settings</a>; the whole API is described <a href="/docs/">here</a>. Older outputs are
                in <a href="/?range=all">all time</a>.
            </p>
        </Empty>
    );
}

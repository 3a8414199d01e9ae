/** Acceptance and correctness over time, with the days on which versions started and levels changed. */

import { api } from '../../api/client';
import { fresh, useData } from '../../api/data';
import type { Marker } from '../../charts/trend';
import { Await } from '../../parts/states';
import { useScope } from '../../state/scope';
import { useDaily } from './daily';
import { DailyTrend } from './daily_trend';
import { useDrift } from './drift';

const SHOWN = ['acceptance_rate', 'correctness_rate'];

export function Trends({ feature }: { feature: string }) {
    const daily = useDaily(feature);
    const logged = useLogged(feature);
    const versions = useVersionStarts(feature).filter(({ words }) => !logged.named.has(words));
    const drift = useDrift(feature);
    return (
        <Await of={daily} lines={10}>
            {(answer) => (
                <>
                    {SHOWN.map((metric) => {
                        const changes = drift.data?.data.find((found) => found.metric === metric)?.changes ?? [];
                        const markers: Marker[] = [
                            ...versions,
                            ...logged.markers,
                            ...changes.map((change) => ({ x: Date.parse(change.at), words: 'level changed', kind: 'change' as const })),
                        ];
                        return (
                            <DailyTrend
                                key={metric}
                                feature={feature}
                                metric={metric}
                                answer={answer}
                                limits={[0, 1]}
                                waits={metric === 'acceptance_rate'}
                                markers={markers}
                            />
                        );
                    })}
                </>
            )}
        </Await>
    );
}

/** The first bucket of each version that started within the range. */
function useVersionStarts(feature: string): Marker[] {
    const { scope } = useScope();
    const query = { ...scope, metrics: 'shown', feature, group_by: 'version', granularity: 'day' as const };
    const data = fresh(useData(`starts ${JSON.stringify(query)}`, () => api.get('/api/v1/series', { query })));
    const starts = new Map<string, number>();
    for (const row of data ?? []) {
        const version = row['version'] as string | null;
        const at = Date.parse(String(row['time']));
        if (version !== null && at < (starts.get(version) ?? Infinity)) starts.set(version, at);
    }
    const first = Math.min(...starts.values());
    // What is there from the beginning did not start in the range.
    return [...starts]
        .filter(([, at]) => at > first)
        .map(([version, x]) => ({ x, words: version, kind: 'version' as const }))
        .slice(-12);
}

/** Characters of a change's title that are written into the picture. */
const TITLE = 28;

/** The changes that were logged within the range, and the versions that they name. */
function useLogged(feature: string): { markers: Marker[]; named: Set<string> } {
    const { scope } = useScope();
    const query = { feature, limit: 100 };
    const { data } = useData(`changes ${feature}`, () => api.get('/api/v1/changes', { query }), 'analyses');
    const from = scope.from === undefined ? -Infinity : Date.parse(scope.from);
    const to = scope.to === undefined ? Infinity : Date.parse(scope.to);
    const inside = (data?.data ?? []).filter(({ made_at }) => Date.parse(made_at) >= from && Date.parse(made_at) < to);
    const short = (title: string) => (title.length > TITLE ? `${title.slice(0, TITLE - 1).trimEnd()}…` : title);
    return {
        markers: inside.map(({ made_at, versions, title }) => ({
            x: Date.parse(made_at),
            words: versions === undefined || versions.length === 0 ? short(title) : versions.join(', '),
            kind: 'logged' as const,
        })),
        named: new Set(inside.flatMap(({ versions }) => versions ?? [])),
    };
}

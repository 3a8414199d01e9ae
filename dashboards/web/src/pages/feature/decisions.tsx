/** What people did with the outputs, as shares over time. */

import { NAMES, type Part, Stack } from '../../charts/stack';
import { count, percent } from '../../format/number';
import { bucket } from '../../format/time';
import { DECISIONS } from '../../format/words';
import { Figure } from '../../parts/figure';
import { Await, Empty } from '../../parts/states';
import { onward } from '../../state/url';
import { axis, type Row, useDaily } from './daily';

const PARTS = ['accepted', 'edited', 'undone', 'rejected', 'ignored', 'undecided'] as const;

/** How many outputs came to each decision, from the counts within the rates. */
function counts(metrics: Row['metrics']): number[] {
    const top = (id: string) => metrics[id]?.numerator ?? 0;
    const shown = metrics['shown']?.value ?? 0;
    const decided = metrics['decided']?.value ?? 0;
    const taken = top('acceptance_rate');
    const [accepted, undone, ignored] = [top('strict_acceptance_rate'), top('undo_rate'), top('ignore_rate')];
    return [accepted, taken - accepted - undone, undone, decided - taken, ignored, shown - decided - ignored].map((n) => Math.max(0, n));
}

export function Decisions({ feature }: { feature: string }) {
    const daily = useDaily(feature);
    return (
        <Await of={daily} lines={8}>
            {(answer) => {
                const columns = answer.data.map((row) => {
                    const own = counts(row.metrics);
                    const name = bucket(row.bucket ?? '', answer.meta.granularity);
                    const told = PARTS.map((part, at) => `${DECISIONS[part]} ${count(own[at] ?? 0)}`).join(', ');
                    return { x: Date.parse(row.bucket ?? ''), words: `${name}: ${told}`, name, counts: own };
                });
                const shown = answer.totals[0]?.metrics['shown']?.value ?? 0;
                if (shown === 0) return <Empty title="Nothing was shown in this range" />;
                const parts: Part[] = PARTS.map((part) => ({
                    name: DECISIONS[part],
                    tone: part,
                    href: onward('/examples', { feature, decision: part }),
                }));
                return (
                    <Figure
                        title="Decisions"
                        caption={`Shares of the ${count(shown)} outputs shown. Each name leads to its examples.`}
                        table={{
                            head: ['When', ...PARTS.map((part) => DECISIONS[part])],
                            rows: columns.map((column) => [column.name, ...column.counts.map(count)]),
                        }}
                    >
                        {(width) => (
                            <Stack parts={parts} columns={columns} axis={axis(answer, width - NAMES)} width={width} label={words(columns)} />
                        )}
                    </Figure>
                );
            }}
        </Await>
    );
}

function words(columns: { counts: number[] }[]): string {
    const totals = PARTS.map((_, at) => columns.reduce((sum, column) => sum + (column.counts[at] ?? 0), 0));
    const all = totals.reduce((sum, total) => sum + total, 0);
    return `Decisions: ${PARTS.map((part, at) => `${DECISIONS[part]} ${percent((totals[at] ?? 0) / Math.max(1, all))}`).join(', ')}`;
}

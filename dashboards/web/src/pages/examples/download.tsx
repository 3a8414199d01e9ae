/** The listed outputs, and data sets made of them, as files. */

import { address, type QueryOf } from '../../api/client';
import { useProject } from '../../parts/project';

const SETS = [
    ['outputs.csv', 'CSV', false],
    ['outputs.parquet', 'Parquet', false],
    ['outputs.jsonl', 'JSON lines', false],
    ['preferences.jsonl', 'preferences', true],
    ['feedback.jsonl', 'feedback', true],
    ['sft.jsonl', 'demonstrations', true],
] as const;

/** `query` is what the list is asked, its page aside. Whose texts may be used is asked before they go. */
export function Download({ query }: { query: QueryOf<'/api/v1/outputs'> }) {
    const storesText = useProject()?.stores_text ?? false;
    const { limit: _limit, cursor: _cursor, ...filters } = query;
    const to = (file: string, consent?: string) => address(`/api/v1/exports/${file}`, undefined, { ...filters, consent });
    const ask = (file: string) => {
        const consent = prompt(
            'Whose texts may be used? “attributes.training:yes” takes outputs with that attribute; “all” says that consent was had in another way.',
            'attributes.training:yes',
        );
        if (consent !== null && consent !== '') location.assign(to(file, consent));
    };
    return (
        <p class="foot">
            Download all of these as{' '}
            {SETS.filter(([, , isOfTexts]) => storesText || !isOfTexts).map(([file, words, isOfTexts], at) => (
                <span key={file}>
                    {at > 0 && ' · '}
                    {isOfTexts ? (
                        <button type="button" class="plain" onClick={() => ask(file)}>
                            {words}
                        </button>
                    ) : (
                        <a href={to(file)} download={file}>
                            {words}
                        </a>
                    )}
                </span>
            ))}
        </p>
    );
}

import { readFileSync } from 'node:fs';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { expect, it } from 'vitest';

it('is what openapi.json says; `npm run api` renews it', async () => {
    const description = new URL('../../../../openapi/openapi.json', import.meta.url);
    const types = COMMENT_HEADER + astToString(await openapiTS(description));
    expect(readFileSync(new URL('schema.d.ts', import.meta.url), 'utf8')).toBe(types);
});

/** A real data set, with the numbers that others computed from it. */

import { expect, inject, it } from 'vitest';
import { open, visit, withBrowser } from './visit';

withBrowser();

const real = inject('real');
const FEATURE = 'copilot.completion';

it.skipIf(real === null)('shows the published numbers of a real product', async () => {
    if (real === null) return;
    const { k, n } = real.accepted;
    const rate = `${((100 * k) / n).toFixed(1)}\u00a0%`;
    const evidence = `n\u00a0${n.toLocaleString('en-US')} · ${real.users}\u00a0users`;
    const { page, errors, close } = await visit({ key: real.key });
    await open(page, '/?range=all');
    const row = page.getByRole('row', { name: new RegExp(FEATURE) });
    await expect.poll(() => row.innerText()).toContain(rate);
    await expect.poll(() => row.innerText()).toContain(real.exposures.toLocaleString('en-US'));

    await row.getByRole('link', { name: FEATURE }).click();
    await page.getByRole('heading', { level: 1, name: FEATURE }).waitFor();
    await open(page, page.url().replace(new URL(page.url()).origin, ''));
    const headline = page.locator('.headline');
    await expect.poll(() => headline.innerText()).toContain(rate);
    await expect.poll(() => headline.innerText()).toContain(evidence);
    // Nobody judged, so that the sections that need it say so, and none of them fails.
    expect(await page.getByText('This could not be loaded').count()).toBe(0);
    expect(errors).toEqual([]);
    await close();
});

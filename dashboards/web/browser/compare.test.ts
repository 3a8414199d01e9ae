/** Two sides, and what a comparison is asked for besides them. */

import { expect, it } from 'vitest';
import { open, visit, withBrowser } from './visit';

withBrowser();

it('warns where the sides do not have the shares of users that were planned', async () => {
    const { page, errors, close } = await visit();
    await open(page, '/compare?feature=canvas.trigger&range=all');
    const notice = page.getByRole('alert');
    expect(await notice.count()).toBe(0);
    await page.locator('.options summary').click();
    const share = page.getByLabel('Users planned for the candidate');
    await share.fill('100');
    await share.press('Enter');
    // What cannot be is not asked for.
    expect(new URL(page.url()).searchParams.has('share')).toBe(false);
    await share.fill('97.5');
    const [answer] = await Promise.all([page.waitForResponse(/candidate_share=0\.975/), share.press('Enter')]);
    const { sample_ratio } = (await answer.json()) as { sample_ratio: { mismatch: boolean; candidate_users: number; baseline_users: number } };
    expect(sample_ratio.mismatch).toBe(true);
    await notice.waitFor();
    const found = (100 * sample_ratio.candidate_users) / (sample_ratio.baseline_users + sample_ratio.candidate_users);
    await expect.poll(() => notice.innerText()).toContain(`97.5\u00a0% were to see the candidate, ${found.toFixed(1)}\u00a0% did`);

    // The view is in the address, and the plan turns with the sides.
    await page.reload();
    await notice.waitFor();
    await expect.poll(() => page.locator('.options summary').innerText()).toBe('Options: 97.5 % of users planned for the candidate');
    await page.getByRole('button', { name: 'Swap' }).click();
    await page.waitForURL(/share=2\.5/);
    await expect.poll(() => notice.innerText()).toContain('2.5\u00a0% were to see the candidate');

    // Shares as they are found may be those that were planned.
    const { searchParams } = new URL(page.url());
    searchParams.set('share', (100 - found).toFixed(1));
    await open(page, `/compare?${searchParams}`);
    expect(await notice.count()).toBe(0);
    await page.getByText(/may be the shares that were planned \(p .*\)/).waitFor();
    expect(errors).toEqual([]);
    await close();
});

it('compares what is chosen by the difference that is chosen, and takes noise off', async () => {
    const { page, errors, close } = await visit();
    let asked = new URLSearchParams();
    page.on('request', (request) => {
        const { pathname, searchParams } = new URL(request.url());
        if (pathname === '/api/v1/compare') asked = searchParams;
    });
    await open(page, '/compare?feature=code.complete&range=28d');
    const rows = page.getByRole('region', { name: 'What was found' }).getByRole('row');
    const before = await rows.count();
    await page.locator('.options summary').click();
    await page.getByRole('combobox', { name: 'Metrics' }).selectOption('response_rate');
    await expect.poll(() => rows.count()).toBe(before + 1);
    await page.getByRole('button', { name: 'Do not compare Undo rate' }).click();
    await expect.poll(() => rows.count()).toBe(before);
    for (const [label, value] of Object.entries({ 'Least difference': '5', 'Days before': '28', 'Users planned': '300' })) {
        const field = page.getByLabel(new RegExp(`^${label}(?! for)`));
        await field.fill(value);
        await field.press('Enter');
    }
    await page.waitForURL((url) => ['margin=5', 'before=28', 'users=300', 'metric=response_rate'].every((one) => url.search.includes(one)));
    await expect.poll(() => Object.fromEntries(asked)).toMatchObject({
        metrics: 'acceptance_rate,persistent_acceptance_rate,correctness_rate,response_rate',
        margin: '0.05',
        days_before: '28',
        planned_users: '300',
    });
    await page.getByText('Noise taken off').first().waitFor();
    await page.getByRole('button', { name: 'Reset' }).click();
    await expect.poll(() => page.locator('.options summary').innerText()).toBe('Options');
    expect(new URL(page.url()).search).not.toMatch(/margin|before|users|metric/);

    await open(page, '/compare?feature=code.complete&range=all&margin=40&metric=acceptance_rate');
    await expect.poll(() => rows.count()).toBe(2);
    await expect.poll(() => rows.nth(1).innerText()).toContain('The interval at all looks is within 40.0\u00a0points of zero.');
    expect(errors).toEqual([]);
    await close();
});

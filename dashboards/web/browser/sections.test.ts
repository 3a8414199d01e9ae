/** What the sections of a feature and the experiments say, and how they are used. */

import { expect, it } from 'vitest';
import { open, server, settled, survey, visit, withBrowser } from './visit';

withBrowser();

it('promises a threshold where the risk allows one, and says why not where it does not', async () => {
    const { context, page, close } = await visit();
    await open(page, '/features/agent.task?range=all&risk=45');
    const autonomy = page.locator('#autonomy');
    const answer = await context.request.get(`${server.origin}/api/v1/features/agent.task/autonomy?risk=0.45`);
    const { threshold, sentence } = (await answer.json()) as { threshold: { above: number } | null; sentence: string };
    expect(threshold).not.toBeNull();
    await expect.poll(() => autonomy.locator('.sentence').innerText()).toContain(sentence);
    await expect.poll(() => autonomy.getByText(threshold?.above.toFixed(3) ?? '', { exact: true }).count()).toBe(1);

    await autonomy.locator('input[type=range]').focus();
    await page.keyboard.press('Home');
    await page.waitForURL(/risk=1(&|$)/);
    await settled(page);
    await autonomy.getByText('Too few people yet to promise this.').waitFor();
    expect(await autonomy.getByText('Acts unasked above').count()).toBe(0);
    // The view is in the address.
    await page.reload();
    await page.locator('#autonomy').scrollIntoViewIfNeeded();
    await page.locator('#autonomy').getByText('Too few people yet to promise this.').waitFor();
    await close();
});

it('ranks segments by the dimension and the metric that are chosen', async () => {
    const { page, close } = await visit();
    await open(page, '/features/browser.step?range=all');
    const segments = page.locator('#segments');
    await segments.getByRole('combobox', { name: 'By' }).selectOption('tool');
    await segments.getByRole('combobox', { name: 'Metric' }).selectOption('correctness_rate');
    await page.waitForURL(/segment=tool&segment_metric=correctness_rate/);
    await segments.getByRole('row', { name: /submit_form/ }).waitFor();
    await expect.poll(() => segments.locator('.sentence').innerText()).toMatch(/^Correctness is .* over all \d\ssegments/);
    await close();
});

it('speaks of triggers and tools only where there are some', async () => {
    const { page, close } = await visit();
    const shown = async (feature: string) => {
        await open(page, `/features/${feature}?range=all`);
        return Promise.all(['#triggers', '#approvals'].map((id) => page.locator(id).isVisible()));
    };
    expect(await shown('canvas.trigger')).toEqual([true, false]);
    expect(await shown('browser.step')).toEqual([false, true]);
    await close();
});

it('declares an experiment, concludes it in words, ends it and deletes it', async () => {
    const { page, errors, close } = await visit();
    page.on('dialog', (dialog) => void dialog.accept());
    await open(page, '/experiments?range=all');
    await page.getByRole('link', { name: 'Declare an experiment' }).click();
    await page.getByLabel('Name').fill('completion-3.1');
    await page.getByLabel('Feature').selectOption('code.complete');
    await page.getByLabel('Arms are told apart by').selectOption('version');
    await page.getByLabel('Control').fill('3.0');
    await page.getByLabel('Candidates').fill('3.1');
    await page.getByRole('button', { name: 'Add a guardrail' }).click();
    await page.getByLabel('First day').fill(new Date(Date.now() - 60 * 86_400_000).toISOString().slice(0, 10));
    await page.getByRole('button', { name: 'Declare', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'completion-3.1' }).waitFor();
    await settled(page);
    await expect.poll(() => page.locator('.conclusion').innerText()).toMatch(/Adopt it|Reject it|No difference worth having|Wait|Investigate first/);
    await expect.poll(() => page.getByRole('region', { name: 'Guardrails' }).getByRole('row').count()).toBe(2);
    await page.getByRole('slider', { name: 'Difference over time' }).waitFor();
    await page.getByText('Users by arm').waitFor();

    await page.getByRole('button', { name: 'End it now' }).click();
    await page.getByRole('button', { name: 'End it now' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 1, name: 'Experiments' }).waitFor();
    await settled(page);
    expect(await page.getByRole('link', { name: 'completion-3.1' }).count()).toBe(0);
    expect(errors).toEqual([]);
    await close();
});

it('shows what to fix next, logs a change, says what it takes to tell, and deletes it', async () => {
    const { page, errors, close } = await visit();
    page.on('dialog', (dialog) => void dialog.accept());
    await open(page, '/changes');
    await expect.poll(() => page.getByRole('region', { name: 'By cost' }).getByRole('row').count()).toBeGreaterThan(3);
    // The simulated team logged each release; the one that mends the planted complaint says so.
    const fix = page.getByRole('region', { name: 'Changes' }).getByRole('row', { name: /The repair/ });
    await expect.poll(() => fix.innerText()).toContain('made_up');

    await page.getByRole('link', { name: 'Log a change' }).click();
    await page.getByLabel('What was changed').fill('Shorter answers');
    await page.getByLabel('Feature').selectOption('chat.answer');
    await page.getByLabel('Reason that it aims at').fill('too_long');
    await page.getByLabel('less by').fill('3');
    await page.getByRole('button', { name: 'Log it' }).click();
    await page.getByRole('heading', { level: 1, name: 'Shorter answers' }).waitFor();
    await settled(page);
    await expect.poll(() => page.locator('.conclusion').innerText()).toContain('Cannot tell yet');
    await page.getByText(/no full week after it/).waitFor();

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 1, name: 'Changes' }).waitFor();
    await settled(page);
    expect(await page.getByRole('link', { name: 'Shorter answers' }).count()).toBe(0);
    expect(errors).toEqual([]);
    await close();
});

it('says whether people do as they say, where they are asked', async () => {
    const { page, errors, close } = await visit({ key: await survey('asked') });
    await open(page, '/features/draft?range=all');
    const stated = page.locator('#stated');
    await stated.getByText(/^Users do more than they say/).waitFor();
    expect(await stated.getByRole('region', { name: 'What people take, by what they say' }).getByRole('row').count()).toBe(4);
    await open(page, '/features/never.asked?range=all');
    await page.locator('#ratings').waitFor();
    expect(await page.locator('#stated').isVisible()).toBe(false);
    expect(errors).toEqual([]);
    await close();
});

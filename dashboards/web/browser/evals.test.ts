/** Cases from feedback and from a spreadsheet, runs of them, and what is said of both. */

import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { evaluate, open, settled, visit, withBrowser } from './visit';

withBrowser();

it('makes a set, fills it from feedback, and takes it to a spreadsheet and back', async () => {
    const { page, errors, close } = await visit();
    page.on('dialog', (dialog) => void dialog.accept());
    await open(page, '/evals?range=all');
    await page.getByLabel('Name').fill('from-users');
    await page.getByRole('button', { name: 'Make the set' }).click();
    await page.getByRole('heading', { level: 1, name: 'from-users' }).waitFor();
    await page.getByRole('link', { name: 'Make cases from feedback' }).click();
    await page.getByLabel('Cases, at most').fill('12');
    await page.getByRole('button', { name: 'See what it would make' }).click();
    await page.getByRole('button', { name: /^Make 12/ }).click();
    await page.getByRole('heading', { level: 1, name: 'from-users' }).waitFor();
    await settled(page);
    const cases = page.getByRole('region', { name: 'Table of cases' });
    await expect.poll(() => cases.getByRole('row').count()).toBe(13);
    await expect.poll(() => cases.getByText('to be filled in').count()).toBe(6);

    // A case is filled in where it is, and the address shares it.
    const waiting = cases.getByRole('row').filter({ hasText: 'to be filled in' }).first();
    await waiting.getByRole('button').first().click();
    await page.getByLabel('Expected').fill('A better answer');
    await page.locator('.form.case').getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => cases.getByText('to be filled in').count()).toBe(5);
    expect(page.url()).toMatch(/[?&]case=/);

    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV', exact: true }).click()]);
    const sheet = readFileSync(await download.path(), 'utf8');
    const file = join(tmpdir(), 'from-users.csv');
    writeFileSync(file, `${sheet}by-hand,\\007,,,mine,\r\n`);
    await page.getByText('Upload cases').click();
    await page.getByLabel('A spreadsheet saved as CSV').setInputFiles(file);
    await page.getByRole('button', { name: 'See what it would change' }).click();
    await page.getByText(/^1.case would be new, 0 would be changed, 0 would be deleted, 12 as they are/).waitFor();
    await page.getByRole('button', { name: 'Do it' }).click();
    await cases.getByText('007', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Delete the set' }).click();
    await page.getByRole('heading', { level: 1, name: 'Evals' }).waitFor();
    await settled(page);
    expect(await page.getByRole('link', { name: 'from-users' }).count()).toBe(0);
    expect(errors).toEqual([]);
    await close();
});

it('says whether an eval is any good, and what a run changed', async () => {
    await evaluate('judged');
    const { page, errors, close } = await visit();
    await open(page, '/evals?set=judged');
    const quality = page.locator('section[aria-labelledby=quality]');
    await quality.getByText('It cannot be told yet').waitFor();
    await expect.poll(() => quality.innerText()).toMatch(/with results of another version than their output’s only/);
    const ranking = page.locator('section[aria-labelledby=ranking]');
    await ranking.getByText(/^planner-5 comes first/).waitFor();
    await expect.poll(() => ranking.getByRole('region', { name: 'Runs, the strongest first' }).getByRole('row').count()).toBe(4);
    await ranking.getByText('Every two of them').click();
    await expect.poll(() => ranking.getByRole('region', { name: 'Every two runs' }).getByRole('row').count()).toBe(4);
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('heading', { level: 1, name: 'nightly planner-5 against nightly planner-4' }).waitFor();
    await settled(page);
    await expect.poll(() => page.getByRole('heading', { name: /^Broken \(\d+\)$/ }).count()).toBe(1);
    const [first] = await page.locator('section[aria-labelledby=fixed] a').allInnerTexts();
    await page.locator('section[aria-labelledby=fixed] a').first().click();
    await page.getByRole('form', { name: `Case ${first}` }).waitFor();
    expect(errors).toEqual([]);
    await close();
});

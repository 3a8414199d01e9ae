/** What admins set: how long things are kept, keys, projects. */

import { expect, it } from 'vitest';
import { open, server, settled, visit, withBrowser } from './visit';

withBrowser();

it('asks before less is kept, and says what goes', async () => {
    const { context, page, errors, close } = await visit();
    const kept = async () => {
        const answer = await context.request.get(`${server.origin}/api/v1/projects`);
        const [project] = ((await answer.json()) as { data: Record<string, unknown>[] }).data;
        return ['texts', 'events', 'outputs'].map((thing) => project?.[`retain_${thing}_days`]);
    };
    const questions: string[] = [];
    let answer = false;
    page.on('dialog', (dialog) => {
        questions.push(dialog.message());
        void (answer ? dialog.accept() : dialog.dismiss());
    });
    await open(page, '/settings');
    const section = page.getByRole('region', { name: 'How long things are kept' });
    await section.getByText('Everything is kept for ever.').waitFor();
    const save = section.getByRole('button', { name: 'Save' });
    await section.getByLabel('Events, in days').fill('1');
    await save.click();
    await expect.poll(() => questions.length).toBe(1);
    expect(questions[0]).toMatch(/texts received before .*\n• events of outputs shown before .*\n\nUp to [\d,]+\soutputs lose events by it/);
    await section.getByRole('button', { name: 'Save', exact: true }).waitFor();
    expect(await kept()).toEqual([null, null, null]);

    // Ten years, of which the product has none to lose.
    answer = true;
    await section.getByLabel('Events, in days').fill('3650');
    await save.click();
    await section.getByText('Saved. What is kept no longer goes within the hour.').waitFor();
    expect(questions[1]).not.toContain('Up to');
    expect(await kept()).toEqual([null, 3650, null]);
    await section.getByText(/Texts are kept for 3,650\sdays, events for 3,650\sdays, outputs for ever/).waitFor();

    // More is kept without a question.
    await section.getByLabel('Events, in days').fill('');
    await save.click();
    await section.getByText('Everything is kept for ever.').waitFor();
    expect(await kept()).toEqual([null, null, null]);
    expect(questions.length).toBe(2);
    expect(errors).toEqual([]);
    await close();
});

it('says when the digest comes, and changes it', async () => {
    const { page, errors, close } = await visit();
    const call = async (path: string, body?: object): Promise<Record<string, unknown>> => {
        const headers = { 'x-api-key': server.key, 'content-type': 'application/json' };
        const answer = await fetch(`${server.origin}/api/v1/webhooks${path}`, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) });
        return (await answer.json()) as Record<string, unknown>;
    };
    const friday = { weekday: 'friday', hour: 17, timezone: 'Europe/Berlin' };
    const { id } = await call('', { name: 'weekly', url: 'http://127.0.0.1:9/', digest: friday });
    const kept = async () => ((await call('')).data as Record<string, unknown>[]).find((one) => one.id === id)?.digest;
    await open(page, '/alerts');
    await page.getByRole('row').filter({ hasText: 'weekly' }).getByRole('link', { name: 'Digest on Fridays' }).click();
    const section = page.getByRole('region', { name: 'The week in short' });
    await section.getByText('Digest on Fridays at 17:00, Europe/Berlin · next').waitFor();
    const [day, hour] = [section.getByLabel('Weekly digest'), section.getByRole('combobox', { name: 'At', exact: true })];
    expect([await day.inputValue(), await hour.inputValue()]).toEqual(['friday', '17']);
    const save = section.getByRole('button', { name: 'Save' });
    await day.selectOption('tuesday');
    await hour.selectOption('6');
    await save.click();
    await section.getByText('Digest on Tuesdays at 06:00, Europe/Berlin · next').waitFor();
    expect(await kept()).toEqual({ weekday: 'tuesday', hour: 6, timezone: 'Europe/Berlin' });
    expect(errors).toEqual([]);
    await section.getByLabel('Time zone').fill('Mars/Olympus');
    await save.click();
    await section.getByRole('alert').getByText('timezone').waitFor();
    await section.getByLabel('Time zone').fill('Asia/Tokyo');
    await day.selectOption('');
    await expect.poll(() => section.getByLabel('Time zone').count()).toBe(0);
    await save.click();
    await section.getByText('No weekly digest').waitFor();
    expect(await kept()).toBe(null);
    await close();
});

it('says when a key was last used', async () => {
    const { page, close } = await visit();
    await open(page, '/settings');
    await page.getByLabel('What is it for?').fill('not used yet');
    await page.getByRole('button', { name: 'Make the key' }).click();
    const keys = page.getByRole('region', { name: 'The project’s keys' });
    const used = (name: string) => keys.getByRole('row').filter({ hasText: name }).locator('td[data-label="Last used"]').innerText();
    await keys.getByText('not used yet').waitFor();
    expect(await used('not used yet')).toBe('never');
    const [ours] = await page.locator('.lead').allInnerTexts();
    const name = /the key “(.*)”/.exec(ours ?? '')?.[1] ?? '';
    expect(await used(name)).toMatch(/^\d+ \w+ \d{4}$/);
    await close();
});

it('makes a project, whose own admins make none', async () => {
    const { page, close } = await visit();
    await open(page, '/settings');
    await page.getByLabel('Name of the project').fill('second');
    await page.getByRole('button', { name: 'Make the project' }).click();
    const made = page.locator('section[aria-labelledby=projects] .made');
    const key = await made.locator('code').innerText();
    expect(key).toMatch(/^cal_sk_/);
    await page.getByLabel('Name of the project').fill('second');
    await page.getByRole('button', { name: 'Make the project' }).click();
    await page.getByRole('alert').getByText(/of this name exists/).waitFor();
    expect(await made.count()).toBe(0);
    await close();

    const other = await visit({ key });
    await open(other.page, '/settings');
    await settled(other.page);
    await expect.poll(() => other.page.locator('.lead').innerText()).toContain('Project second');
    expect(await other.page.getByRole('heading', { name: 'New project' }).count()).toBe(0);
    await other.page.getByRole('heading', { name: 'Erase a user' }).waitFor();
    await other.close();
});

it('classes edits as the project declares', async () => {
    const headers = { 'x-api-key': server.key, 'content-type': 'application/json' };
    const made = await fetch(`${server.origin}/api/v1/projects`, { method: 'POST', body: JSON.stringify({ name: 'editors' }), headers });
    const { admin_key } = (await made.json()) as { admin_key: string };
    const { context, page, close } = await visit({ key: admin_key });
    await open(page, '/settings');
    const section = page.getByRole('region', { name: 'Project', exact: true });
    const light = section.getByLabel('A light edit changes up to');
    await expect.poll(() => light.inputValue()).toBe('10');
    await light.fill('35');
    await section.getByRole('button', { name: 'Save' }).click();
    await section.getByRole('alert').getByText('edit_thresholds').waitFor();
    await light.fill('15');
    await section.getByRole('button', { name: 'Save' }).click();
    await section.getByText('Saved. Outputs are counted anew.').waitFor();
    const answer = await context.request.get(`${server.origin}/api/v1/projects`);
    const { data } = (await answer.json()) as { data: { edit_thresholds: unknown }[] };
    expect(data[0]?.edit_thresholds).toEqual({ light: 0.15, medium: 0.3, heavy: 0.5 });
    await close();
});

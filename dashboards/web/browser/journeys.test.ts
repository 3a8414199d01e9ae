/** What people do with the dashboard, from signing in to labelling. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { open, refuse, server, settled, visit, withBrowser } from './visit';

withBrowser();

it('signs in with a key, stays signed in, and signs out', async () => {
    const { context, page, close } = await visit({ signedIn: false });
    await page.goto(`${server.origin}/features/agent.task?range=all`);
    await page.getByLabel('API key').fill('cal_sk_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('API key').fill(server.key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    // Where one wanted to go.
    await page.getByRole('heading', { level: 1, name: 'agent.task' }).waitFor();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'agent.task' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    expect(await context.cookies()).toEqual([]);
    await page.goto(server.origin);
    await page.getByLabel('API key').waitFor();
    await close();
});

it('signs in with the link that the server prints, once', async () => {
    const { page, close } = await visit({ signedIn: false });
    await page.goto(server.link);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    expect(page.url()).toBe(`${server.origin}/`);
    await close();
    const second = await visit({ signedIn: false });
    await second.page.goto(server.link);
    await second.page.getByRole('alert').waitFor();
    await second.close();
});

it('puts the planted features on the right side of the diagonal', async () => {
    const { page, close } = await visit();
    await open(page, '/?range=all');
    await page.locator('.quadrant .diagonal').waitFor({ state: 'attached' });
    const sides = await page.evaluate(() => {
        const diagonal = document.querySelector('.quadrant .diagonal') as SVGLineElement;
        const end = (name: 'x1' | 'y1' | 'x2' | 'y2') => diagonal[name].baseVal.value;
        const slope = (end('y2') - end('y1')) / (end('x2') - end('x1'));
        return Object.fromEntries(
            [...document.querySelectorAll<SVGAElement>('.quadrant .point')].map((point) => {
                const box = (point.querySelector('.shape') as SVGGraphicsElement).getBBox();
                const on = end('y1') + slope * (box.x + box.width / 2 - end('x1'));
                return [point.dataset['feature'], { above: on - (box.y + box.height / 2), verdict: point.classList[1] }];
            }),
        );
    });
    for (const feature of ['agent.task', 'chat.answer']) expect(sides[feature]?.above, feature).toBeGreaterThan(10);
    for (const feature of ['browser.step', 'canvas.trigger']) expect(sides[feature]?.above, feature).toBeLessThan(-10);
    expect(sides['agent.task']?.verdict).toBe('over');
    expect(sides['canvas.trigger']?.verdict).toBe('under');
    for (const feature of ['code.complete', 'file.summary']) expect(Math.abs(sides[feature]?.above ?? Number.NaN), feature).toBeLessThan(40);
    await close();
});

it('explains the change of all features in one answer', async () => {
    const { page, close } = await visit();
    const asked: string[] = [];
    page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        if (pathname.endsWith('/explain')) asked.push(pathname);
    });
    await open(page, '/');
    const told = page.locator('table.features td[data-label=Change]');
    await expect.poll(() => told.filter({ hasText: '…' }).count(), { timeout: 60_000 }).toBe(0);
    for (const text of await told.allInnerTexts()) expect(text).toMatch(/points|nothing to compare with/);
    expect(asked).toEqual(['/api/v1/explain']);
    // The page of a feature asks for its own, in full.
    await open(page, '/features/agent.task');
    expect(asked.slice(1)).toContain('/api/v1/features/agent.task/explain');
    await close();
});

it('shares a view as its address', async () => {
    const one = await visit();
    await open(one.page, '/');
    const choose = (name: string) => one.page.getByRole('combobox', { name, exact: true });
    await choose('Time').selectOption('90d');
    await choose('Filter').selectOption('locale');
    await choose('locale').selectOption({ index: 1 });
    await one.page.getByRole('button', { name: /Remove the filter locale/ }).waitFor();
    await settled(one.page);
    const shown = await one.page.locator('table.features').innerText();
    const address = one.page.url().replace(server.origin, '');
    expect(address).toMatch(/^\/\?filter=locale%3D\w+&range=90d$/);
    await one.page.goBack();
    await expect.poll(() => one.page.getByRole('button', { name: /Remove the filter/ }).count()).toBe(0);
    await one.close();

    const other = await visit();
    await open(other.page, address);
    await expect.poll(() => other.page.getByRole('combobox', { name: 'Time', exact: true }).inputValue()).toBe('90d');
    const before = (text: string) => text.replace(/\s+/g, ' ').split('Change')[0];
    expect(before(await other.page.locator('table.features').innerText())).toBe(before(shown));
    await other.close();
});

it('leads from a mark to its examples', async () => {
    const { context, page, close } = await visit();
    await open(page, '/features/code.complete?range=all');
    await page.locator('.reliability a.point').last().click();
    await page.getByRole('heading', { level: 1, name: 'Examples' }).waitFor();
    expect(page.url()).toMatch(/confidence_from=0.9&confidence_to=1&feature=code.complete/);
    await settled(page);
    await expect.poll(() => page.locator('.outputs li').count()).toBeGreaterThan(3);

    // A band with as many outputs as each other leads to what is between its least and its greatest confidence.
    await open(page, '/features/code.complete?range=all&bands=mass');
    const bands = page.locator('.reliability a.point');
    await expect.poll(() => bands.count()).toBe(10);
    const n = Number(/n\s(\d+)/.exec((await bands.first().getAttribute('aria-label')) ?? '')?.[1]);
    const query = new URL((await bands.first().getAttribute('href')) ?? '', server.origin).searchParams;
    const path = `/api/v1/outputs?feature=code.complete&judged=true&limit=200&confidence_from=${query.get('confidence_from')}&confidence_to=${query.get('confidence_to')}`;
    const judged = ((await (await context.request.get(server.origin + path)).json()) as { data: unknown[] }).data.length;
    expect(n).toBeGreaterThan(0);
    expect(judged).toBeGreaterThanOrEqual(Math.min(n, 200));
    await bands.first().click();
    await page.getByRole('heading', { level: 1, name: 'Examples' }).waitFor();
    await settled(page);
    await expect.poll(() => page.locator('.outputs li').count()).toBeGreaterThan(3);
    await close();
});

it('reads a picture and its words with the keyboard', async () => {
    const { page, close } = await visit();
    await open(page, '/features/code.complete?range=all');
    const trend = page.getByRole('slider').first();
    await trend.focus();
    await page.keyboard.press('Home');
    const read = () => trend.getAttribute('aria-valuetext');
    await expect.poll(read).toMatch(/: .*n\s\d/);
    const first = await read();
    await page.keyboard.press('ArrowRight');
    await expect.poll(read).not.toBe(first);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Examples' }).waitFor();

    await open(page, '/');
    await page.getByRole('button', { name: 'Trust gap' }).first().focus();
    await expect.poll(() => page.getByRole('tooltip').innerText()).toContain('above zero users trust too much');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('tooltip').count()).toBe(0);
    await close();
});

it('labels by keyboard, and the judgement counts', async () => {
    const { context, page, close } = await visit();
    await open(page, '/examples?range=all&judged=false&feature=file.summary');
    const id = await page.locator('#output-title').innerText();
    await page.keyboard.press('w');
    await page.getByRole('button', { name: 'Wrong', pressed: true }).waitFor();
    await page.keyboard.press('j');
    await page.waitForFunction((id) => document.querySelector('#output-title')?.textContent !== id, id);
    const judged = async () => {
        const answer = await context.request.get(`${server.origin}/api/v1/outputs/${id}`);
        const { correct, judged_by } = (await answer.json()) as { correct: boolean | null; judged_by: string };
        return `${correct} ${judged_by}`;
    };
    await expect.poll(judged).toBe('false human');
    await close();
});

it('follows new data without a reload', async () => {
    const { context, page, close } = await visit();
    await open(page, '/');
    const started = Date.now();
    const event = { type: 'accept', output_id: 'live-1', feature: 'brand.new' };
    // A key, not the session: the event comes from elsewhere.
    const sent = await context.request.post(`${server.origin}/api/v1/events`, { data: event, headers: { 'x-api-key': server.key } });
    expect(sent.ok()).toBe(true);
    await page.getByRole('row', { name: /brand.new/ }).waitFor();
    const took = Date.now() - started;
    console.log(`a new feature showed after ${took} ms`);
    // Within two seconds where the server answers at once; a test machine may be busy with other things.
    expect(took).toBeLessThan(20_000);
    await close();
});

it('says what was refused, of which key, and what to do', async () => {
    await refuse('a phone app');
    const { page, close } = await visit();
    await open(page, '/settings');
    const section = page.getByRole('region', { name: 'What was refused', exact: true });
    const row = section.getByRole('row', { name: /missing_field/ });
    await expect.poll(() => row.innerText()).toMatch(/Send the field that message names[^]*a phone app[^]*2\sevents, last on/);
    await expect.poll(() => section.getByRole('row', { name: /out_of_range/ }).innerText()).toContain('from 0 to 1');
    await expect.poll(() => section.getByRole('img', { name: 'Refused events by day' }).locator('.bar').count()).toBe(30);
    await close();
});

it('says so where nothing was refused', async () => {
    const headers = { 'x-api-key': server.key, 'content-type': 'application/json' };
    const made = await fetch(`${server.origin}/api/v1/projects`, { method: 'POST', body: JSON.stringify({ name: 'quiet' }), headers });
    const { admin_key } = (await made.json()) as { admin_key: string };
    const { page, errors, close } = await visit({ key: admin_key });
    await open(page, '/settings');
    await page.getByText('No event was refused in the last 30 days').waitFor();
    expect(errors).toEqual([]);
    await close();
});

it('weighs little', () => {
    const folder = new URL('../dist/app', import.meta.url).pathname;
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.gz'));
    const bytes = files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(files.length).toBeGreaterThan(2);
    expect(bytes).toBeLessThan(300_000);
});

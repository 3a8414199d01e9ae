/** A browser, signed in, whose pages report what goes wrong in them. */

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, inject } from 'vitest';

export const server = inject('server');

export const WIDTHS = [1280, 390] as const;
export const THEMES = ['light', 'dark'] as const;

let browser: Browser;

/** Makes a browser for the tests of a file. */
export function withBrowser(): void {
    beforeAll(async () => {
        browser = await chromium.launch({
            executablePath: process.env.CALIBRANT_CHROMIUM ?? '/usr/bin/chromium',
            args: [
                '--headless',
                '--no-sandbox',
                '--disable-gpu',
                '--disable-quic',
                '--no-first-run',
                '--disable-background-networking',
                '--disable-component-update',
                '--disable-sync',
            ],
        });
    });
    afterAll(() => browser.close());
}

export interface Visit {
    context: BrowserContext;
    page: Page;
    /** Errors that the page told of. */
    errors: string[];
    close: () => Promise<void>;
}

/** A visitor who is signed in unless told otherwise. */
export async function visit({ width = 1280, theme = 'light' as 'light' | 'dark', signedIn = true, key = server.key } = {}): Promise<Visit> {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme });
    if (signedIn) {
        const answer = await context.request.post(`${server.origin}/api/v1/session`, { data: { key } });
        if (!answer.ok()) throw new Error(await answer.text());
    }
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    return { context, page, errors, close: () => context.close() };
}

/** Opens an address and waits until nothing on the page is being loaded, having scrolled through all of it. */
export async function open(page: Page, path: string): Promise<void> {
    await page.goto(server.origin + path);
    await page.locator('h1').first().waitFor();
    await settled(page);
    await page.evaluate(async () => {
        for (let y = 0; y < document.body.scrollHeight; y += 500) {
            scrollTo(0, y);
            await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 30)));
        }
        scrollTo(0, 0);
    });
    await settled(page);
}

/** Declares an experiment between versions, long started, so that it has results. */
export async function declare(name: string, feature: string, versions: string[]): Promise<void> {
    const plan = {
        name,
        feature,
        arms: versions.map((version) => ({ name: version, filters: [{ dimension: 'version', op: 'eq', value: version }] })),
        primary_metric: 'acceptance_rate',
        margin: 0.02,
        guardrails: [{ metric: 'correctness_rate', margin: 0.05 }],
        starts_at: new Date(Date.now() - 60 * 86_400_000).toISOString(),
    };
    const headers = { 'x-api-key': server.key, 'content-type': 'application/json' };
    const answer = await fetch(`${server.origin}/api/v1/experiments`, { method: 'POST', body: JSON.stringify(plan), headers });
    if (!answer.ok) throw new Error(await answer.text());
}

/** Makes an eval set of cases from feedback, with three runs that score what users took higher, and a little by chance: the names of the last two. */
export async function evaluate(name: string): Promise<string[]> {
    const ask = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
        const headers = { 'x-api-key': server.key, 'content-type': 'application/json' };
        const answer = await fetch(`${server.origin}/api/v1/evals${path}`, { method: 'POST', body: JSON.stringify(body), headers });
        if (!answer.ok) throw new Error(await answer.text());
        return (await answer.json()) as Record<string, unknown>;
    };
    await ask('', { name, description: 'What people ask for' });
    const make = (decisions: string[]) => ask(`/${name}/cases/from-feedback`, { decisions, sample: 30, tags: decisions });
    const [taken, refused] = [(await make(['accepted', 'edited'])).cases as string[], (await make(['rejected'])).cases as string[]];
    const score = (at: number, base: number) => Math.round(100 * (base + ((at * 37) % 40) / 100)) / 100;
    const upload = async (version: string, shift: number) => {
        const results = [...taken, ...refused].map((one, at) => ({ case: one, score: score(at + shift, at < taken.length ? 0.4 : 0.2), output: 'An answer' }));
        const { run } = await ask(`/${name}/runs`, { name: `nightly ${version}`, version, judge: 'rubric', results });
        return (run as { id: string }).id;
    };
    await upload('planner-3', 5);
    return [await upload('planner-4', 0), await upload('planner-5', 11)];
}

/** Makes a rule that fires at its first look, and a webhook whose receiver is not reached. */
export async function watch(): Promise<{ alert: string; webhook: string }> {
    const make = async (path: string, body: object): Promise<string> => {
        const headers = { 'x-api-key': server.key, 'content-type': 'application/json' };
        const answer = await fetch(`${server.origin}/api/v1${path}`, { method: 'POST', body: JSON.stringify(body), headers });
        if (!answer.ok) throw new Error(await answer.text());
        return ((await answer.json()) as { id: string }).id;
    };
    const least = { min_n: 1, min_users: 1, window_days: 28 };
    const rule = { name: 'Nearly all is taken', kind: 'threshold', metric: 'acceptance_rate', side: 'below', threshold: 0.99, ...least };
    const webhook = await make('/webhooks', { name: 'on call', url: 'http://127.0.0.1:9/' });
    const alert = await make('/alerts', rule);
    return { alert, webhook };
}

/** Makes a project of a name in which thirty people take most of what they are shown and say that they trust it less: its key. */
export async function survey(name: string): Promise<string> {
    const post = async (path: string, key: string, body: unknown) => {
        const headers = { 'x-api-key': key, 'content-type': 'application/json' };
        const answer = await fetch(`${server.origin}/api/v1${path}`, { method: 'POST', body: JSON.stringify(body), headers });
        if (!answer.ok) throw new Error(await answer.text());
        return (await answer.json()) as Record<string, unknown>;
    };
    const key = (await post('/projects', server.key, { name })).admin_key as string;
    const events = Array.from({ length: 30 }, (_, at) => {
        const about = { output_id: `o${at}`, feature: 'draft', user_id: `u${at}` };
        const says = { type: 'rate', output_id: `o${at}`, rubric: 'trust', rating: at % 3, rating_min: 0, rating_max: 4 };
        return [{ type: at % 10 === 0 ? 'reject' : 'accept', ...about }, says];
    });
    const other = { type: 'accept', output_id: 'other', feature: 'never.asked', user_id: 'u0' };
    await post('/events', key, { events: [...events.flat(), other] });
    const known = async () => {
        const answer = await fetch(`${server.origin}/api/v1/features`, { headers: { 'x-api-key': key } });
        return answer.ok && ((await answer.json()) as { data: unknown[] }).data.length === 2;
    };
    while (!(await known())) await new Promise((resolve) => setTimeout(resolve, 50));
    return key;
}

/** Sends events that are refused, with a key of a name. */
export async function refuse(name: string): Promise<void> {
    const post = (path: string, key: string, body: unknown) => {
        const headers = { 'x-api-key': key, 'content-type': 'application/json' };
        return fetch(`${server.origin}/api/v1${path}`, { method: 'POST', body: JSON.stringify(body), headers });
    };
    const made = await post('/keys', server.key, { name, scopes: ['ingest'] });
    if (!made.ok) throw new Error(await made.text());
    const { key } = (await made.json()) as { key: string };
    const events = [{ type: 'rate', output_id: 'x' }, { type: 'judge', output_id: 'x' }, { type: 'accept', output_id: 'x', confidence: 2 }];
    const sent = await post('/events', key, { events });
    if (sent.status !== 207) throw new Error(await sent.text());
}

/** Waits until nothing is being loaded and every picture that has room is drawn: it is drawn once its width is known. */
export async function settled(page: Page): Promise<void> {
    const still = () => {
        // One that is folded away waits until it is opened.
        const undrawn = [...document.querySelectorAll('.picture:empty')].some((picture) => picture.checkVisibility() && picture.clientWidth > 0);
        return document.querySelector('.skeleton, .pending') === null && !undrawn;
    };
    await page.waitForFunction(still, undefined, { timeout: 120_000 });
}

/**
 * How long a page takes in a browser on a server that runs: `CALIBRANT_SERVER=http://127.0.0.1:8080 CALIBRANT_KEY=… scripts/web timing '/?range=all'`.
 * Each visit is a browser's first. `shown` is until there is a page, `there` until nothing on it is still being loaded.
 */

import { chromium } from 'playwright-core';

const { CALIBRANT_CHROMIUM, CALIBRANT_SERVER = 'http://127.0.0.1:8080', CALIBRANT_KEY } = process.env;
const VISITS = 5;
const PATIENCE = 300_000;

const browser = await chromium.launch({ executablePath: CALIBRANT_CHROMIUM, args: ['--headless', '--no-sandbox', '--disable-gpu'] });

async function visit(path) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const signedIn = await context.request.post(`${CALIBRANT_SERVER}/api/v1/session`, { data: { key: CALIBRANT_KEY } });
    if (!signedIn.ok()) throw new Error(await signedIn.text());
    const page = await context.newPage();
    const started = performance.now();
    await page.goto(CALIBRANT_SERVER + path, { waitUntil: 'commit' });
    await page.locator('h1').first().waitFor({ timeout: PATIENCE });
    const shown = performance.now() - started;
    await page.waitForFunction(() => document.querySelector('.skeleton, .pending') === null, undefined, { timeout: PATIENCE });
    const there = performance.now() - started;
    if (await page.getByText('This could not be loaded').count()) throw new Error(`${path} could not be loaded`);
    await context.close();
    return { shown, there };
}

try {
    const path = process.argv[2] ?? '/';
    const visits = [];
    for (let at = 0; at < VISITS; at += 1) visits.push(await visit(path));
    for (const what of ['shown', 'there']) {
        const times = visits.map((visit) => Math.round(visit[what])).sort((one, other) => one - other);
        console.log(`${path} ${what}: median ${times[(VISITS - 1) / 2]} ms, ${times[0]} to ${times.at(-1)}; the first ${Math.round(visits[0][what])}`);
    }
} finally {
    await browser.close();
}

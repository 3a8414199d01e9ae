/** Every page, at both widths and in both themes: no error, nothing cut off, nothing that axe objects to. */

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { declare, evaluate, open, refuse, THEMES, visit, watch, WIDTHS, withBrowser } from './visit';

withBrowser();

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOTS = new URL('screenshots/', import.meta.url).pathname;

const PAGES: Record<string, string> = {
    overview: '/?range=all',
    feature: '/features/agent.task?range=all',
    steps: '/features/browser.step?range=all&risk=30',
    triggers: '/features/canvas.trigger?range=all&segment_metric=correctness_rate',
    experiments: '/experiments',
    experiment: '/experiments?experiment=planner',
    declare: '/experiments?declare=yes&range=all',
    changes: '/changes',
    log: '/changes?log=yes',
    alerts: '/alerts',
    make: '/alerts?make=yes&range=all',
    compare: '/compare?feature=canvas.trigger&range=all',
    mismatch: '/compare?feature=canvas.trigger&range=all&share=97.5&before=14',
    evals: '/evals',
    eval: '/evals?set=asked',
    cases: '/evals?set=asked&make=yes&range=all',
    examples: '/examples?range=all&feature=file.summary&decision=edited',
    metrics: '/catalogue',
    settings: '/settings',
    empty: '/?filter=version%3Dnone&range=all',
    absent: '/features/nothing',
};

/** What axe finds against the page as it is now. */
async function objections(page: Page): Promise<string[]> {
    // The page's policy keeps foreign scripts out; the debugger is not bound by it.
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => (window as unknown as { axe: { run: () => Promise<Findings> } }).axe.run());
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).slice(0, 3)}`);
}

interface Findings {
    violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
}

beforeAll(async () => {
    await declare('planner', 'agent.task', ['planner-4', 'planner-5']);
    const [baseline, candidate] = await evaluate('asked');
    const { alert, webhook } = await watch();
    await refuse('a web app');
    Object.assign(PAGES, {
        run: `/evals?set=asked&run=${candidate}`,
        runs: `/evals?set=asked&baseline=${baseline}&candidate=${candidate}`,
        alert: `/alerts?alert=${alert}`,
        webhook: `/alerts?webhook=${webhook}`,
    });
});

mkdirSync(SHOTS, { recursive: true });

for (const width of WIDTHS) {
    for (const theme of THEMES) {
        it(`render at ${width} px, ${theme}`, { timeout: 480_000 }, async () => {
            const { page, errors, close } = await visit({ width, theme });
            for (const [name, path] of Object.entries(PAGES)) {
                await open(page, path);
                const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
                expect(overflow, `${name} is wider than the window`).toBeLessThanOrEqual(0);
                expect(await objections(page), name).toEqual([]);
                await page.screenshot({ path: `${SHOTS}${name}-${width}-${theme}.png`, fullPage: true });
            }
            // The page of a feature that is not there says so, and the browser notes the 404.
            expect(errors.filter((error) => !error.includes('404'))).toEqual([]);
            await close();
        });
    }
}

/** Starts the server with a simulated product, of which the truth is known, and with a real data set where one is at hand. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** Outputs of the simulated product: few enough to load fast, enough for the planted findings to show. */
const OUTPUTS = 6_000;
const KEY = `cal_sk_${'browser'.repeat(6)}`;

/** The simulated product ends on a Monday, so that it is the same whatever day it is looked at: its days of the week are. */
function lastMonday(): string {
    const day = 86_400_000;
    // 1970 began on a Thursday.
    const days = Math.floor(Date.now() / day);
    return new Date((days - ((days + 3) % 7)) * day).toISOString();
}

/** Completions of GitHub Copilot, and what others computed from them. */
const REAL = 'copilot_cups';

export interface Real {
    key: string;
    accepted: { k: number; n: number };
    users: number;
    exposures: number;
}

declare module 'vitest' {
    interface ProvidedContext {
        server: { origin: string; key: string; link: string };
        /** Null where the data set is not at hand. */
        real: Real | null;
    }
}

/** Imports the data set as a project of its own into the server that uses `data`. */
function real(binary: string, folder: string, data: string): Real | null {
    const top = new URL('../../../', import.meta.url).pathname;
    const sets = process.env.CALIBRANT_TEST_DATA;
    const set = sets === undefined ? undefined : join(sets, REAL);
    if (set === undefined || !existsSync(set)) {
        console.warn(`SKIPPED: the data set ${REAL} is not where CALIBRANT_TEST_DATA points`);
        return null;
    }
    const run = (...args: string[]) => execFileSync(binary, [...args, '--data-dir', data], { encoding: 'utf8' });
    const mapping = join(top, `examples/${REAL}.toml`);
    run('import', join(set, 'suggestions.jsonl.gz'), '--mapping', mapping, '--project', REAL, '--rejected', join(folder, 'rejected'));
    const key = run('create-key', '--project', REAL, '--scopes', 'read').trim();
    const reference = JSON.parse(readFileSync(join(set, 'REFERENCE.json'), 'utf8'));
    return { key, accepted: reference.acceptance_decided, users: reference.users, exposures: reference.exposures };
}

function listening(server: ChildProcess): Promise<{ origin: string; link: string }> {
    return new Promise((resolve, reject) => {
        let told = '';
        server.stdout?.on('data', (chunk: Buffer) => {
            told += chunk.toString();
            const origin = /listens on (http:\S+)/.exec(told)?.[1];
            const link = /Dashboard\s+(http:\S+)/.exec(told)?.[1];
            if (origin !== undefined && link !== undefined && told.includes('Ctrl-C')) resolve({ origin, link });
        });
        server.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${told}`)));
        server.once('error', reject);
    });
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
    const binary = process.env.CALIBRANT_BINARY;
    if (binary === undefined) throw new Error('set CALIBRANT_BINARY to the server; `scripts/web browser` does');
    const folder = mkdtempSync(join(tmpdir(), 'calibrant-browser-'));
    // Started as root, the database runs as someone else, who must get there.
    chmodSync(folder, 0o755);
    const data = join(folder, 'data');
    const product = ['--outputs', String(OUTPUTS), '--end', lastMonday()];
    const options = ['--data-dir', data, '--bind', '127.0.0.1:0', '--admin-key', KEY, ...product, '--webhooks-allow-private=true'];
    const server = spawn(binary, ['demo', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
        project.provide('server', { ...(await listening(server)), key: KEY });
        project.provide('real', real(binary, folder, data));
    } catch (error) {
        server.kill('SIGTERM');
        rmSync(folder, { recursive: true, force: true });
        throw error;
    }
    return async () => {
        const ended = new Promise((resolve) => server.once('exit', resolve));
        server.kill('SIGTERM');
        await ended;
        rmSync(folder, { recursive: true, force: true });
    };
}

/** Starts the server with a simulated product, of which the truth is known. */

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** Outputs of the simulated product: few enough to load fast, enough for the planted findings to show. */
const OUTPUTS = 6_000;
const KEY = `cal_sk_${'browser'.repeat(6)}`;

declare module 'vitest' {
    interface ProvidedContext {
        server: { origin: string; key: string; link: string };
    }
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
    const options = ['--data-dir', join(folder, 'data'), '--bind', '127.0.0.1:0', '--admin-key', KEY, '--outputs', String(OUTPUTS), '--webhooks-allow-private=true'];
    const server = spawn(binary, ['demo', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
        project.provide('server', { ...(await listening(server)), key: KEY });
    } catch (error) {
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

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const OUT = 'dist/app';
/** The server that `npm run dev` asks for data. */
const SERVER = process.env.CALIBRANT_SERVER ?? 'http://127.0.0.1:8080';

/** Puts a gzipped copy beside each text file, so that the server need not pack what never changes. */
function gzipped(): Plugin {
    return {
        name: 'gzipped',
        apply: 'build',
        closeBundle() {
            for (const entry of readdirSync(OUT, { recursive: true, withFileTypes: true })) {
                const path = join(entry.parentPath, entry.name);
                if (entry.isFile() && /\.(html|js|css|svg)$/.test(entry.name)) {
                    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
                }
            }
        },
    };
}

export default defineConfig({
    plugins: [gzipped()],
    build: { outDir: OUT, emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
    server: { proxy: { '/api': SERVER, '/docs': SERVER, '/openapi.json': SERVER } },
    test: { include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);

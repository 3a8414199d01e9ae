import { defineConfig } from 'vitest/config';

/** The dashboard in a real browser, on a real server with a simulated product. */
export default defineConfig({
    test: {
        include: ['browser/**/*.test.ts'],
        globalSetup: 'browser/setup.ts',
        // One browser and one server, which the files share.
        fileParallelism: false,
        testTimeout: 180_000,
        hookTimeout: 240_000,
        // A page shows what was done to it when it gets to it: what follows an action is polled.
        expect: { poll: { timeout: 30_000 } },
    },
});

// Builds the renderer into dist/renderer (with `--mode main`: Electron's main process into dist/main) and tells Vitest
// which suites exist. No logic.
import react from '@vitejs/plugin-react';
import type { UserConfig } from 'vite';
import { defineConfig } from 'vitest/config';

const suite = (name: string, seconds: number, files = 4) => ({
  extends: true as const,
  test: {
    name,
    root: '.',
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: seconds * 1000,
    hookTimeout: seconds * 1000,
    pool: 'forks' as const,
    maxWorkers: files,
  },
});

const desktop: UserConfig = {
  build: {
    outDir: 'dist/main',
    target: 'node24',
    lib: { entry: 'main/electron.ts', formats: ['es'], fileName: 'electron' },
    rollupOptions: { external: ['electron', /^node:/] },
  },
};

export default defineConfig(({ mode }) =>
  mode === 'main'
    ? desktop
    : {
        root: 'renderer',
        base: '/',
        plugins: [react()],
        build: { outDir: '../dist/renderer', emptyOutDir: true, chunkSizeWarningLimit: 900 },
        test: {
          root: '.',
          projects: [
            suite('unit', 30),
            suite('meta', 60),
            suite('contract', 120, 2),
            suite('regression', 60),
            suite('cluster', 120, 1),
            suite('app', 180, 2),
            suite('e2e', 240, 1),
          ],
        },
      },
);

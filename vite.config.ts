// Builds the renderer into dist/renderer (with `--mode main`: Electron's main process into dist/main, `--mode sea`:
// the single executable's main into dist/headless) and tells Vitest
// which suites exist. No logic.
import react from '@vitejs/plugin-react';
import type { UserConfig } from 'vite';
import { defineConfig } from 'vitest/config';

/** Suites run one after the other in `order`, each with as many files at once as it bears. */
const suite = (order: number, name: string, seconds: number, files = 4) => ({
  extends: true as const,
  test: {
    name,
    root: '.',
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: seconds * 1000,
    hookTimeout: seconds * 1000,
    pool: 'forks' as const,
    maxWorkers: files,
    sequence: { groupOrder: order },
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

const executable: UserConfig = {
  build: {
    outDir: 'dist/headless',
    emptyOutDir: false,
    target: 'node24',
    lib: { entry: 'main/sea.ts', formats: ['cjs'], fileName: () => 'sea.cjs' },
    rollupOptions: { external: [/^node:/] },
  },
};

export default defineConfig(({ mode }) =>
  mode === 'main'
    ? desktop
    : mode === 'sea'
      ? executable
      : {
          root: 'renderer',
          base: '/',
          plugins: [react()],
          build: { outDir: '../dist/renderer', emptyOutDir: true, chunkSizeWarningLimit: 900 },
          test: {
            root: '.',
            projects: [
              suite(1, 'unit', 30),
              suite(2, 'meta', 60),
              suite(3, 'contract', 120, 2),
              suite(4, 'regression', 60),
              suite(5, 'cluster', 120, 1),
              suite(6, 'app', 180, 2),
              suite(7, 'e2e', 240, 1),
            ],
          },
        },
);

import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { ddiCoverage } from './tools/vite/ddiCoverage.mjs';

export default defineConfig({
  plugins: [vue(), ddiCoverage()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/conformance/kernel/**'],
    benchmark: { include: ['test/**/*.bench.ts'] },
    environment: 'node',
    // Vitest leaves a processor idle otherwise, which is half of a CI machine with two.
    maxWorkers: '100%',
    // A limit against hanging, not a statement about speed: CI machines are slow and shared.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    restoreMocks: true,
  },
});

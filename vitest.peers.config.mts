import { defineConfig } from 'vitest/config';

/** Tests against real stacks in real time: one after the other, so that none starves another's peer. */
export default defineConfig({
  test: {
    include: ['test/conformance/kernel/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    // A limit against hanging, not a statement about speed: CI machines are slow and shared.
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "src/**/*.test.tsx", "scripts/**/*.test.ts"],
    testTimeout: 30_000,
    pool: "forks",
    // V8 crashes when one thread frees WebAssembly that another runs, which begins after so many calls (see scripts/run.mjs).
    execArgv: ["--wasm-wrapper-tiering-budget=2000000000"],
    // Tests with real processes, disks and clocks share two cores with whatever else a CI machine does.
    retry: process.env.CI === "true" ? 1 : 0,
  },
});

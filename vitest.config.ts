import { defineConfig } from "vitest/config";
import { testFiles } from "./scripts/quick-tests.ts";

const { quick, slow } = testFiles();

export default defineConfig({
  test: {
    // A limit for what hangs: a machine with other work is slow at starts of processes and platforms.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 50_000 } },
    pool: "forks",
    // Files share a process for each core, and what they import: the platform is a second of work to load.
    isolate: false,
    // Vitest would leave one core to itself, and of two cores use one.
    maxWorkers: "100%",
    // V8 crashes when one thread frees WebAssembly that another runs, which begins after so many calls (see scripts/run.mjs).
    execArgv: ["--wasm-wrapper-tiering-budget=2000000000"],
    // Servers that some of the tests need are started once, by the first that asks.
    globalSetup: "scripts/cluster/on-demand.ts",
    // Tests with real processes, disks and clocks share two cores with whatever else a CI machine does.
    retry: process.env.CI === "true" ? 1 : 0,
    projects: [
      { extends: true, test: { name: "quick", include: [...quick] } },
      { extends: true, test: { name: "slow", include: [...slow] } },
    ],
  },
});

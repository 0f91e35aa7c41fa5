import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildTesting } from "./build-testing.ts";

const root = join(import.meta.dirname, "..");

test("the module for authors shares with the program what it ships, and brings all else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "metron-build-"));
  try {
    await buildTesting(join(folder, "build", "testing"), join(folder, "dist"));
    const module = readFileSync(join(folder, "build", "testing", "metron-testing.js"), "utf8");
    const imported = [...module.matchAll(/^import .* from "([^"]+)";$/gm)].map(([, name = ""]) => name);
    const shipped = imported.filter((name) => name.startsWith("../../dist/"));
    expect(shipped).toContain("../../dist/core/batch.js");
    const sources = shipped.map((name) =>
      name.replace("../../dist", join(root, "src")).replace(/\.js$/, ".ts"),
    );
    expect(sources.filter((file) => !existsSync(file) || file.includes("/testing/"))).toEqual([]);
    const others = imported.filter((name) => !shipped.includes(name) && !name.startsWith("node:"));
    expect(others).toEqual(["zod"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

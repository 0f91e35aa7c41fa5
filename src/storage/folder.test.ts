import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "./folder.ts";

test("makes a folder and those above it, as often as one likes", async () => {
  const root = mkdtempSync(join(tmpdir(), "folder-"));
  try {
    const deep = join(root, "a", "b", "c");
    await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(join(root, "a", "d"))]);
    await makeFolder(deep);
    expect([existsSync(deep), existsSync(join(root, "a", "d"))]).toEqual([true, true]);
    writeFileSync(join(root, "file"), "");
    for (const folder of [join(root, "file"), join(root, "file", "x")])
      await expect(makeFolder(folder)).rejects.toMatchObject({ code: "FOLDER_UNWRITABLE" });
  } finally {
    rmSync(root, { recursive: true });
  }
});

test.skipIf(!existsSync("/proc/self"))(
  "where no folder can be made it says so and does not try for ever",
  async () => {
    await expect(makeFolder("/proc/metron/data")).rejects.toMatchObject({
      code: "FOLDER_UNWRITABLE",
      message: "making folder /proc/metron/data: ENOENT",
    });
  },
);

import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ArchiveStore, LocalFile } from "../contract.ts";
import { measureFile } from "../local-file.ts";

const { signal } = new AbortController();

/** A file of that many random bytes, which is deleted with the test. */
export async function localFile(bytes: number | Uint8Array): Promise<LocalFile & { readonly crc: number }> {
  const folder = await mkdtemp(join(tmpdir(), "archive-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "file");
  await writeFile(path, typeof bytes === "number" ? randomBytes(bytes) : bytes);
  return measureFile(path);
}

/** What every store promises. @param open a store of its own, empty, for each test. */
export function describeStore(name: string, open: () => Promise<ArchiveStore>): void {
  const started = async () => {
    const store = await open();
    onTestFinished(async () => store[Symbol.asyncDispose]());
    return store;
  };

  describe(`an archive in ${name}`, () => {
    test("gives back ranges of what was put there, under names of all kinds", async () => {
      const store = await started();
      const bytes = Buffer.from("0123456789".repeat(100_000));
      const path = "sensor=a%20b+(c)'ä/day=2026-11-21/1.parquet";
      await store.put(path, await localFile(bytes), "once", signal);
      expect(Buffer.from(await store.read(path, 0, bytes.length, signal)).equals(bytes)).toBe(true);
      expect(Buffer.from(await store.read(path, 12, 5, signal)).toString()).toBe("23456");
      expect(Buffer.from(await store.read(path, bytes.length - 2, 2, signal)).toString()).toBe("89");
    });

    test("a file that is put there a second time is harmless, and one of another length is refused", async () => {
      const store = await started();
      const file = await localFile(1000);
      await store.put("a/1", file, "once", signal);
      await store.put("a/1", file, "once", signal);
      const error = await store.put("a/1", await localFile(999), "once", signal).catch((caught) => caught);
      expect(error).toMatchObject({ code: "ARCHIVE_DAMAGED" });
      expect(error.message).toMatch(/has 1000 bytes under this name instead of 999/);
    });

    test("a file takes the place of an earlier one when it should", async () => {
      const store = await started();
      await store.put("_c", await localFile(Buffer.from("one")), "replace", signal);
      await store.put("_c", await localFile(Buffer.from("three")), "replace", signal);
      expect(Buffer.from(await store.read("_c", 0, 5, signal)).toString()).toBe("three");
    });

    test("says that a file is gone or shorter than it should be", async () => {
      const store = await started();
      await store.put("a/1", await localFile(10), "once", signal);
      await expect(store.read("a/1", 5, 6, signal)).rejects.toMatchObject({ code: "ARCHIVE_DAMAGED" });
      await store.remove("a/1", signal);
      await store.remove("a/1", signal);
      const error = await store.read("a/1", 0, 10, signal).catch((caught) => caught);
      expect(error).toMatchObject({ code: "ARCHIVE_DAMAGED" });
      expect(error.message).toMatch(/reading a\/1 of the archive at .*: it is gone/);
    });

    test("replaces its list only when nobody else did", async () => {
      const store = await started();
      expect(await store.readManifest(signal)).toBeUndefined();
      const first = await store.writeManifest("one", undefined, signal);
      expect(await store.readManifest(signal)).toEqual({ text: "one", version: first });
      const conflict = { code: "ARCHIVE_CONFLICT" };
      await expect(store.writeManifest("other", undefined, signal)).rejects.toMatchObject(conflict);
      const second = await store.writeManifest("two", first, signal);
      await expect(store.writeManifest("other", first, signal)).rejects.toMatchObject(conflict);
      expect(await store.readManifest(signal)).toEqual({ text: "two", version: second });
      await store.writeManifest("three", second, signal);
      expect((await store.readManifest(signal))?.text).toBe("three");
    });
  });
}

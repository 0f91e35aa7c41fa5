import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { appendFile, copyFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { z } from "zod";
import type { Source } from "../source.ts";
import { type Collected, collecting } from "../testing/collecting.ts";
import { forgetfulPositions } from "../testing/forgetful-positions.ts";
import { deliverFile, file } from "./file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "metron-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

function openFiles(collected: Collected, config: z.input<typeof file.config>): Promise<Source> {
  return file.open(file.config.parse(config), collected.context);
}

test("reads files once, in the order named, patterns sorted, gzip unpacked", async () => {
  await writeFile(join(folder, "b.log"), "b1\nb2\n");
  await writeFile(join(folder, "a.log"), "a1\n");
  await writeFile(join(folder, "c.gz"), gzipSync("c1\nc2"));
  const collected = collecting();
  await using source = await openFiles(collected, { paths: [join(folder, "c.gz"), join(folder, "*.log")] });
  await source.done;
  expect(collected.records).toEqual(["c1", "c2", "a1", "b1", "b2"]);
  expect(source.counts()).toEqual({ records: 5, bytes: 14, refused: 0, dropped: 0, peers: 0 });
});

test("tells of its progress", async () => {
  const path = join(folder, "big.log");
  await writeFile(path, "0123456789abcde\n".repeat(200_000));
  const seen: number[] = [];
  const collected = collecting();
  const progress = await deliverFile(path, {
    ...collected.context,
    onProgress: ({ read }) => seen.push(read),
  });
  expect(progress).toMatchObject({ read: 3_200_000, records: 200_000, bytes: 3_200_000 });
  expect(seen.length).toBeGreaterThan(3);
  expect(seen.at(-1)).toBe(3_200_000);
});

test("reads standard input", async () => {
  const script = `
    import { deliverFile } from ${JSON.stringify(join(import.meta.dirname, "file.ts"))};
    const deliver = async (_sensor, block) => process.stdout.write(block.bytes);
    const progress = await deliverFile("-", { sensor: "x", deliver, clock: { now: () => 1 } });
    console.log(JSON.stringify(progress));
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(gzipSync("one\ntwo\n"));
  let output = "";
  for await (const chunk of child.stdout) output += chunk;
  expect(output).toMatch(/^one\ntwo\n\{"read":\d+,"records":2,"bytes":8,"refused":0,"left":0\}\n$/);
});

test.each([
  ["a file that is not there", { paths: ["/nowhere/x.log"] }, "INPUT_UNREADABLE", "/nowhere/x.log"],
  ["a folder", { paths: ["/tmp"] }, "INPUT_UNREADABLE", "a folder, not a file"],
  ["following standard input", { paths: ["-"], follow: true }, "CONFIG_INVALID", "standard input"],
])("refuses %s at once", async (_what, config, code, text) => {
  await expect(openFiles(collecting(), config)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(text),
  });
});

test("follows a file that appears later, grows, and is renamed and replaced", async () => {
  const path = join(folder, "x.log");
  const collected = collecting();
  await using source = await openFiles(collected, { paths: [path], follow: true });
  await writeFile(path, "one\ntw");
  await collected.until(1);
  await appendFile(path, "o\n");
  await collected.until(2);
  await rename(path, `${path}.1`);
  // Its writer has not noticed yet.
  await appendFile(`${path}.1`, "three\nfour without end");
  await writeFile(path, "five\n");
  await collected.until(5);
  await appendFile(path, "six\n");
  await collected.until(6);
  expect(collected.records).toEqual(["one", "two", "three", "four without end", "five", "six"]);
  expect(source.counts()).toMatchObject({ records: 6, peers: 1 });
});

test("begins anew when a file is copied and cut", async () => {
  const path = join(folder, "x.log");
  await writeFile(path, "one\ntwo\n");
  const collected = collecting();
  await using source = await openFiles(collected, { paths: [path], follow: true });
  await collected.until(2);
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await appendFile(path, "three\n");
  await collected.until(3);
  expect(collected.records).toEqual(["one", "two", "three"]);
  expect(source.counts().peers).toBe(1);
});

test("goes on after a restart where it was, also in a file renamed meanwhile and begun again", async () => {
  const path = join(folder, "x.log");
  const positions = forgetfulPositions();
  await writeFile(path, "one\ntwo\npart");
  const first = collecting({ positions });
  {
    await using _source = await openFiles(first, { paths: [path], follow: true });
    await first.until(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await appendFile(path, "ial\nfour\n");
  const second = collecting({ positions });
  {
    await using _source = await openFiles(second, { paths: [path], follow: true });
    await second.until(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect([...first.records, ...second.records]).toEqual(["one", "two", "partial", "four"]);
  await appendFile(path, "five\n");
  await rename(path, `${path}.1`);
  await writeFile(path, "new\n");
  const third = collecting({ positions });
  await using _source = await openFiles(third, { paths: [path], follow: true });
  await third.until(2);
  expect(third.records).toEqual(["five", "new"]);
});

test("reads the header of a Zeek log again where it goes on in the middle", async () => {
  const path = join(folder, "conn.log");
  const positions = forgetfulPositions();
  const header = ["#separator \\x09", "#path\tconn", "#fields\tts\tuid"];
  await writeFile(path, `${[...header, "1.5\tC1"].join("\n")}\n`);
  const first = collecting({ positions });
  {
    await using _source = await openFiles(first, { paths: [path], follow: true });
    await first.until(4);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await appendFile(path, "2.5\tC2\n");
  const second = collecting({ positions });
  {
    await using source = await openFiles(second, { paths: [path], follow: true });
    await second.until(4);
    expect(source.counts()).toMatchObject({ records: 1 });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(second.records).toEqual([...header, "2.5\tC2"]);
  await appendFile(path, "3.5\tC3\n");
  await rename(path, `${path}.1`);
  const third = collecting({ positions });
  await using _source = await openFiles(third, { paths: [path], follow: true });
  await third.until(4);
  expect(third.records).toEqual([...header, "3.5\tC3"]);
});

test("may begin at the end", async () => {
  const path = join(folder, "x.log");
  await writeFile(path, "old\n");
  const collected = collecting();
  await using _source = await openFiles(collected, { paths: [path], follow: true, from: "end" });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await appendFile(path, "new\n");
  await collected.until(1);
  expect(collected.records).toEqual(["new"]);
});

test("keeps what came before a delivery that fails, and says so", async () => {
  const path = join(folder, "x.log");
  await writeFile(path, "one\n");
  const collected = collecting({ deliver: () => Promise.reject(new Error("sensor is gone")) });
  await using source = await openFiles(collected, { paths: [path], follow: true });
  await expect(source.done).rejects.toThrow("sensor is gone");
});

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Log, type LogFields, silentLog } from "../core/context.ts";
import { openTestFolder } from "./testing/run-cli.ts";
import { keepWorkerNote, readWorkerNote, workerFile } from "./worker-note.ts";

test("a note that cannot be written is told once each time that begins, and the process goes on", () => {
  const folder = mkdtempSync(join(tmpdir(), "metron-note-"));
  const data = join(folder, "data");
  const told: [string, LogFields | undefined][] = [];
  const log: Log = { ...silentLog, warn: (sentence, fields) => void told.push([sentence, fields]) };
  try {
    {
      using note = keepWorkerNote(workerFile(data), "worker", () => ({ ready: true, reasons: [] }), log);
      note.now();
      const sentence = "It could not be written whether this process is ready; it is tried again.";
      const fields = { file: workerFile(data), error: expect.stringContaining("ENOENT") };
      expect(told).toEqual([[sentence, fields]]);
      mkdirSync(data);
      note.now();
      expect(readWorkerNote(data)).toMatchObject({ role: "worker", pid: process.pid, ready: true });
      rmSync(data, { recursive: true });
      note.now();
      expect(told).toEqual([
        [sentence, fields],
        [sentence, fields],
      ]);
      mkdirSync(data);
      note.now();
    }
    expect(existsSync(workerFile(data))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what a process that was killed has left says nothing about its successor; of one that runs it stays", async () => {
  using folder = openTestFolder();
  mkdirSync(folder.data);
  writeFileSync(workerFile(folder.data), "{}");
  {
    await using _holder = await folder.up({ "metron.yaml": "workers: 1\n" });
    expect((await folder.metron(["worker"])).err).toContain("data folder");
    expect(existsSync(workerFile(folder.data))).toBe(true);
  }
  for (const [name, ...command] of [
    ["worker", "worker"],
    ["capture host", "capture-host", "-i", "lo"],
  ]) {
    writeFileSync(workerFile(folder.data), "{}");
    // It is refused once the folder is its own.
    const { err } = await folder.metron(command);
    expect(err).toContain(`starting a ${name}: this machine has `);
    expect(err).toMatch(
      new RegExp(`which other processes cannot reach; a ${name} needs .*\n.*\\(ROLE_REFUSED\\)\n$`),
    );
    expect(existsSync(workerFile(folder.data))).toBe(false);
  }
});

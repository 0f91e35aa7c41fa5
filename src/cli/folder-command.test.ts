import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Log, type LogFields, silentLog } from "../core/context.ts";
import { commandOf, noteCommand } from "./folder-command.ts";
import { openTestFolder } from "./testing/run-cli.ts";
import { workerFile } from "./worker-note.ts";

test.each([
  [
    "up",
    /: no platform runs there\nStart the platform with `metron up --data (\S+)`\. \(SERVER_UNREACHABLE\)\n$/,
  ],
  ["server", /: no platform runs there\nStart the platform with `metron server --data (\S+)`\./],
  [
    "worker",
    /: it is the folder of a worker, which listens on nothing\nAsk a server .*`--server URL`.*start it with `metron worker --data (\S+)`\./,
  ],
  [
    "capture-host",
    /: it is the folder of a capture host, .*\n.*start it with `metron capture-host --interface NAME --data (\S+)`\./,
  ],
] as const)("who asks on the folder of `metron %s` is told that command", async (command, expected) => {
  using folder = openTestFolder();
  mkdirSync(folder.data);
  noteCommand(folder.data, command, silentLog);
  const { status, err } = await folder.metron(["status", "--data", folder.data]);
  expect({ status, folder: expected.exec(err)?.[1] }).toEqual({ status: 1, folder: folder.data });
});

test("the folder of a platform says so also when it has stopped; a worker's of an earlier version says it by its note", async () => {
  using folder = openTestFolder();
  const running = await folder.up({ "metron.yaml": "workers: 1\n" });
  expect(await running.stop()).toMatchObject({ status: 0 });
  expect(readFileSync(join(folder.data, "command.json"), "utf8")).toBe('{"command":"up"}\n');
  const other = join(folder.path, "other");
  expect(commandOf(other)).toBe("up");
  mkdirSync(other);
  const note = { role: "capture host", pid: 1, at: 0, ready: true, reasons: [] };
  writeFileSync(workerFile(other), JSON.stringify(note));
  expect(commandOf(other)).toBe("capture-host");
});

test("a disk that does not take the note is told in the log", () => {
  const told: [string, LogFields | undefined][] = [];
  const log: Log = { ...silentLog, warn: (sentence, fields) => void told.push([sentence, fields]) };
  noteCommand("/nowhere/at/all", "worker", log);
  expect(told).toEqual([[expect.stringContaining("could not be noted"), expect.anything()]]);
});

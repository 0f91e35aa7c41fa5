import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { historyOf, type StoredPatch, withChange } from "../stored-patch.ts";
import { ChangeJournal } from "./change-journal.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "journal-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const changed = (before: StoredPatch | undefined, value: string): StoredPatch => {
  const set = { comment: value };
  return { set, remove: [], history: withChange(historyOf(before), set, { by: "ann", at: 1 }) };
};

test("many changes of one message do not make the file grow by its whole history each time", async () => {
  const journal = new ChangeJournal(folder);
  await journal.add("other", changed(undefined, "once"));
  let patch: StoredPatch | undefined;
  let line = 0;
  let written = 0;
  for (let change = 0; change < 150; change++) {
    patch = changed(patch, `${change} ${"x".repeat(900)}`);
    await journal.add("often", patch);
    line = JSON.stringify({ guid: "often", ...patch }).length;
    written += line;
  }
  const path = join(folder, "_changes.jsonl");
  expect(written).toBeGreaterThan(9_000_000);
  expect(statSync(path).size).toBeLessThan(1024 * 1024 + 4 * line);
  // What it holds is all that is known, for us and for whoever reads its lines.
  const last = new Map(
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text) as StoredPatch & { guid: string })
      .map(({ guid, ...rest }) => [guid, rest]),
  );
  expect(last.get("often")).toEqual(patch);
  expect(last.get("other")?.set).toEqual({ comment: "once" });
  expect(new ChangeJournal(folder).changes).toEqual(last);
});

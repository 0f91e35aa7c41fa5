import { expect, test } from "vitest";
import { bro } from "../../parsers/bro/bro.ts";
import { readRecords } from "../../parsers/testing/records.ts";
import { sharedCaptures } from "../testing/captures.ts";
import { blockOf } from "../testing/frames.ts";
import { recordsOf, recordsOfFile } from "../testing/records.ts";
import { SESSIONS } from "./testing/sessions.ts";

/** Fields that the parser gives the names of Metron, and the time. */
const RENAMED: ReadonlySet<string> = new Set(["ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"]);

test("every field of every record is declared for the parser of Zeek's logs", {
  timeout: 120_000,
}, async () => {
  const declared = new Set(bro.fields.map(({ name }) => name));
  const records = SESSIONS.flatMap(({ frames }) => recordsOf([blockOf(frames)]));
  for (const path of sharedCaptures()) records.push(...(await recordsOfFile(path)));
  const undeclared = records.flatMap(({ kind, fields }) =>
    Object.keys(fields)
      .filter((field) => !RENAMED.has(field) && !declared.has(field))
      .map((field) => `${kind}: ${field}`),
  );
  expect([...new Set(undeclared)]).toEqual([]);
  expect(new Set(records.map(({ kind }) => kind)).size).toBeGreaterThan(8);
});

test("records are read by the parser of Zeek's logs, each as its log", () => {
  const records = SESSIONS.flatMap(({ frames }) => recordsOf([blockOf(frames)]));
  const lines = records.map(({ kind, fields }) => JSON.stringify({ [kind]: fields }));
  const { messages, rejected, timeless } = readRecords(bro, lines);
  expect({ rejected, timeless }).toEqual({ rejected: [], timeless: 0 });
  expect(
    messages.map(({ protocol, uid, community_id, ip_src_addr, ip_dst_port }) => [
      protocol,
      uid,
      community_id,
      ip_src_addr,
      ip_dst_port,
    ]),
  ).toEqual(
    records.map(({ kind, fields }) => [
      kind,
      fields.uid,
      fields.community_id,
      fields["id.orig_h"],
      fields["id.resp_p"],
    ]),
  );
});

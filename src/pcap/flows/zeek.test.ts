import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { recordsOfFile } from "../testing/records.ts";

const FOLDER = join(import.meta.dirname, "../../../../shared/data/incidents/lsass");
const CAPTURE = "metasploit_logonpasswords_lsass_memory_dump.pcapng";
const isPossible = existsSync(join(FOLDER, CAPTURE));
if (!isPossible) console.warn("No capture with the logs that Zeek wrote of it: left out.");

/**
 * What both tell of the same packets; of certificates not the times, which Zeek took there for those of its own time zone. Zeek left out all packets of the client: the machine that captured them sent them before their
 * checksums were made. So what servers said is compared (of DNS, answers), and of flows what they sent.
 */
const COMPARED: readonly (readonly [log: string, fields: readonly string[]])[] = [
  ["dns", ["id.orig_h", "id.orig_p", "id.resp_h", "trans_id", "rcode_name", "answers", "TTLs"]],
  ["http", ["id.orig_p", "status_code", "status_msg", "response_body_len", "resp_mime_types"]],
  ["ssl", ["id.orig_p", "version", "cipher", "curve"]],
  [
    "x509",
    [
      "fingerprint",
      "certificate.version",
      "certificate.serial",
      "certificate.subject",
      "certificate.issuer",
      "certificate.key_type",
      "certificate.key_length",
    ],
  ],
  ["kerberos", ["id.orig_p", "success", "error_msg", "cipher"]],
  ["smb_mapping", ["id.orig_p", "share_type"]],
  ["files", ["source", "mime_type", "seen_bytes", "total_bytes", "missing_bytes"]],
];

type Row = ReadonlyMap<string, string>;

/** The rows of a log with tabs; `-` is no value. */
function zeekLog(name: string): readonly Row[] {
  const lines = gunzipSync(readFileSync(join(FOLDER, `${name}.log.gz`)))
    .toString()
    .trim()
    .split("\n");
  const names =
    lines
      .find((line) => line.startsWith("#fields"))
      ?.split("\t")
      .slice(1) ?? [];
  return lines
    .filter((line) => !line.startsWith("#"))
    .map(
      (line) =>
        new Map(line.split("\t").flatMap((cell, at) => (cell === "-" ? [] : [[names[at] ?? "", cell]]))),
    );
}

/** A value as Zeek writes it in such a log. */
function written(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "boolean") return value ? "T" : "F";
  return Array.isArray(value) ? value.join() : String(value);
}

/** Numbers alike, however many zeros they end with. */
const plain = (text: string): string => text.replaceAll(/(\d)\.0+(?=$|,)/g, "$1");

test.skipIf(!isPossible)("records are those of Zeek, as far as it read the packets", async () => {
  const records = await recordsOfFile(join(FOLDER, CAPTURE));
  for (const [log, fields] of COMPARED) {
    const ours = records
      .filter(({ kind, fields: { rcode } }) => kind === log && (log !== "dns" || rcode !== undefined))
      .map((record) => fields.map((field) => plain(written(record.fields[field]))).join(" | "));
    const rows = zeekLog(log).filter((row) => log !== "dns" || row.has("rcode"));
    const theirs = rows.map((row) => fields.map((field) => plain(row.get(field) ?? "")).join(" | "));
    expect([...new Set(ours)].sort(), log).toEqual([...new Set(theirs)].sort());
  }
});

test.skipIf(!isPossible)("packets and bytes are those that Zeek counted", async () => {
  const records = await recordsOfFile(join(FOLDER, CAPTURE));
  /** By both ends in either order: packets and bytes of all, and of the responder alone. */
  const all = new Map<string, Sum>();
  const answers = new Map<string, Sum>();
  for (const { kind, fields } of records) {
    if (kind !== "conn") continue;
    const key = keyOf((name) => fields[name]);
    const [packets, bytes] = [Number(fields.resp_pkts), Number(fields.resp_ip_bytes)];
    add(answers, key, packets, bytes);
    add(all, key, packets + Number(fields.orig_pkts), bytes + Number(fields.orig_ip_bytes));
  }
  const theirs = new Map<string, Sum>();
  for (const row of zeekLog("conn")) {
    const number = (name: string) => Number(row.get(name));
    const key = keyOf((name) => row.get(name));
    add(
      theirs,
      key,
      number("orig_pkts") + number("resp_pkts"),
      number("orig_ip_bytes") + number("resp_ip_bytes"),
    );
  }
  const differing = [...theirs].filter(
    ([key, sum]) => ![all, answers].some((ours) => String(ours.get(key)) === String(sum)),
  );
  expect(theirs.size).toBeGreaterThan(80);
  expect(differing).toEqual([]);
});

type Sum = readonly [packets: number, bytes: number];

function add(sums: Map<string, Sum>, key: string, packets: number, bytes: number): void {
  const [before, bytesBefore] = sums.get(key) ?? [0, 0];
  sums.set(key, [before + packets, bytesBefore + bytes]);
}

function keyOf(field: (name: string) => unknown): string {
  const ends = [`${field("id.orig_h")} ${field("id.orig_p")}`, `${field("id.resp_h")} ${field("id.resp_p")}`];
  return [field("proto"), ...ends.sort()].join(" ");
}

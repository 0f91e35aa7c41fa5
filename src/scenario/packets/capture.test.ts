import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { communityId } from "../../pcap/decode/community-id.ts";
import { openDecoder } from "../../pcap/decode/decode.ts";
import { objectsOfFtp } from "../../pcap/objects/ftp-objects.ts";
import { objectsOfHttp } from "../../pcap/objects/http-objects.ts";
import { objectsOfSmb } from "../../pcap/objects/smb-objects.ts";
import { objectsOfSmtp } from "../../pcap/objects/smtp-objects.ts";
import { openCollector } from "../../pcap/reassembly/collect.ts";
import type { Conversation } from "../../pcap/reassembly/conversation.ts";
import { hasForeignTools } from "../../pcap/testing/captures.ts";
import { areInstalled } from "../../pcap/testing/programs.ts";
import { recordsOfFile } from "../../pcap/testing/records.ts";
import { DEFAULTS, generate, type ScenarioOptions } from "../scenario.ts";
import type { Telemetry } from "../traffic.ts";
import { intrusionCapture } from "./capture.ts";
import { captureFile } from "./capture-file.ts";
import { ARCHIVE, DRAWINGS, IMPLANT_FILE, INVOICE, LISTING, NOTICE, TOOL } from "./documents.ts";
import { BROWSER, type Greeting, IMPLANT } from "./tls.ts";

const short: ScenarioOptions = {
  ...DEFAULTS,
  hosts: 30,
  duration: 3_600_000,
  start: Date.UTC(2026, 10, 19, 9),
  rate: 3,
};
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let folder: string;
let file: string;
let seen: Map<string, Seen>;
let talks: readonly Conversation[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "metron-scenario-"));
  file = join(folder, "capture.pcapng");
  const chunks: Uint8Array[] = [];
  for await (const chunk of captureFile(short)) chunks.push(chunk);
  writeFileSync(file, Buffer.concat(chunks));
  ({ seen, talks } = readAll());
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the packets of a flow come to; side 0 sent the first of them. */
type Seen = {
  readonly tuple: string;
  readonly first: number;
  last: number;
  readonly packets: [number, number];
  readonly ipBytes: [number, number];
  readonly sequences: [Set<number>, Set<number>];
  readonly bytes: [number, number];
  flags: number[];
};

/** Counts every flow by its Community ID, and puts all conversations together. */
function readAll(): { seen: Map<string, Seen>; talks: readonly Conversation[] } {
  const flows = new Map<string, Seen>();
  const collector = openCollector();
  for (const packets of intrusionCapture(short)) {
    const layers = openDecoder().decode(packets);
    collector.add(packets, layers);
    const view = new DataView(packets.bytes.buffer, packets.bytes.byteOffset);
    for (let row = 0; row < layers.count; row++) {
      const id = communityId(layers, row) ?? "none";
      const micros = packets.micros[layers.packet[row]!]!;
      const from = `${address(layers.source[4 * row + 3]!)}:${layers.sourcePort[row]}`;
      const flow = flows.get(id) ?? {
        tuple: `${from}>${address(layers.destination[4 * row + 3]!)}:${layers.destinationPort[row]}`,
        first: micros,
        last: micros,
        packets: [0, 0],
        ipBytes: [0, 0],
        sequences: [new Set(), new Set()],
        bytes: [0, 0],
        flags: [],
      };
      flows.set(id, flow);
      const side = flow.tuple.startsWith(`${from}>`) ? 0 : 1;
      flow.last = micros;
      flow.packets[side]++;
      flow.ipBytes[side] += view.getUint16(layers.network[row]! + 2);
      const isTcp = layers.protocol[row] === 6;
      const sequence = isTcp ? view.getUint32(layers.transport[row]! + 4) : 0;
      if (isTcp) flow.flags.push(side * 256 + view.getUint8(layers.transport[row]! + 13));
      if (isTcp && flow.sequences[side].has(sequence) && layers.payloadLength[row]! > 0) continue;
      if (layers.payloadLength[row]! > 0) flow.sequences[side].add(sequence);
      flow.bytes[side] += layers.payloadLength[row]!;
    }
  }
  return { seen: flows, talks: collector.conversations().tcp };
}

const address = (word: number) =>
  [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255].join(".");

type Zeek = Record<string, string | number>;

function zeekRecords(type: string, isWanted = (entry: Telemetry) => entry.stage !== undefined): Zeek[] {
  return [...generate(short)]
    .filter((entry) => entry.sensor === "bro" && isWanted(entry) && entry.record.startsWith(`{"${type}"`))
    .map(({ record }) => (JSON.parse(record) as Record<string, Zeek>)[type] ?? {});
}

/** Zeek's word for how a connection went, of its flags; those of side 1 have 256 added. */
function stateOf({ flags }: Seen): string {
  if (flags.some((flag) => flag & 256 && flag & 4)) return "REJ";
  return flags.every((flag) => flag < 256) && flags.length > 0 ? "S0" : "SF";
}

test("the same seed gives the same packets, another seed others", () => {
  const hashOf = (options: ScenarioOptions) => {
    const hash = createHash("sha256");
    for (const { bytes, micros } of intrusionCapture(options)) hash.update(bytes).update(micros);
    return hash.digest("hex");
  };
  const quick = { ...short, duration: 1_200_000, rate: 1 };
  const first = hashOf(quick);
  expect(hashOf(quick)).toBe(first);
  expect(hashOf({ ...quick, seed: 8 })).not.toBe(first);
});

test("every flow that Zeek tells of the intrusion has its packets, to the byte", () => {
  const records = zeekRecords("conn");
  expect(records.length).toBeGreaterThan(200);
  for (const record of records) {
    const flow = seen.get(String(record.community_id));
    const told = {
      tuple: `${record["id.orig_h"]}:${record["id.orig_p"]}>${record["id.resp_h"]}:${record["id.resp_p"]}`,
      ts: Math.round(Number(record.ts) * 1e6),
      duration: Math.round(Number(record.duration) * 1e6),
      bytes: [record.orig_bytes, record.resp_bytes],
      packets: [record.orig_pkts, record.resp_pkts],
      ipBytes: [record.orig_ip_bytes, record.resp_ip_bytes],
      state: record.conn_state,
    };
    expect(
      flow && {
        tuple: flow.tuple,
        ts: flow.first,
        duration: flow.last - flow.first,
        bytes: flow.bytes,
        packets: flow.packets,
        ipBytes: flow.ipBytes,
        state: stateOf(flow),
      },
    ).toEqual(told);
  }
});

test("the ordinary flows of machines near the victim have their packets too", () => {
  const records = zeekRecords("conn", ({ stage }) => stage === undefined);
  const captured = records.filter((record) => seen.has(String(record.community_id)));
  expect(captured.length).toBeGreaterThan(100);
  expect(captured.length).toBeLessThan(records.length / 2);
});

test("alerts of Suricata and Snort and lines of the firewall name flows that were captured", () => {
  const tuples = new Set([...seen.values()].map(({ tuple }) => tuple));
  const named = [...generate(short)].flatMap(({ sensor, record, stage }) => {
    if (stage === undefined) return [];
    if (sensor === "suricata") {
      const alert = JSON.parse(record);
      return [`${alert.src_ip}:${alert.src_port}>${alert.dest_ip}:${alert.dest_port}`];
    }
    if (sensor === "snort") {
      const cells = record.split(",");
      return [`${cells[6]}:${cells[7]}>${cells[8]}:${cells[9]}`];
    }
    const asa = /inside:([\d.]+)\/(\d+) to outside:([\d.]+)\/(\d+)/.exec(record);
    return asa === null ? [] : [`${asa[1]}:${asa[2]}>${asa[3]}:${asa[4]}`];
  });
  expect(named.length).toBeGreaterThan(7);
  expect(named.filter((tuple) => !tuples.has(tuple))).toEqual([]);
});

test("the files of the story have the hashes that are printed, and are carved with them", async () => {
  const documents = [INVOICE, IMPLANT_FILE, TOOL, ARCHIVE, LISTING];
  for (const { content, sha256: printed } of documents) {
    const bytes = content.make();
    expect({ length: bytes.length, sha256: sha256(bytes) }).toEqual({
      length: content.length,
      sha256: printed,
    });
  }
  const carved = new Set<string>();
  for (const talk of talks) {
    const port = talk.endpoints[1].port;
    const objects =
      port === 80
        ? await objectsOfHttp(talk)
        : port === 445
          ? objectsOfSmb(talk)
          : port === 25
            ? await objectsOfSmtp(talk)
            : port === 21
              ? objectsOfFtp(talk, talks)
              : [];
    for (const object of objects) carved.add(object.sha256);
  }
  expect(documents.filter((document) => !carved.has(document.sha256))).toEqual([]);
  expect(DRAWINGS.filter(({ content }) => !carved.has(sha256(content.make())))).toEqual([]);
  expect(carved.has(sha256(NOTICE.content.make()))).toBe(true);
  // Telemetry of the flows tells the same of them, by whichever protocol they went.
  const told = await toldFiles();
  expect(documents.filter((document) => !told.some((each) => each.sha256 === document.sha256))).toEqual([]);
  expect(new Set(told.map(({ source }) => source))).toEqual(new Set(["HTTP", "SMTP", "FTP_DATA", "SMB"]));
});

/** What the telemetry of the flows tells of files. */
async function toldFiles() {
  const records = await recordsOfFile(file);
  return records.filter(({ kind }) => kind === "files").map(({ fields }) => fields);
}

const foreign = test.skipIf(!hasForeignTools());
const tshark = (...args: string[]) =>
  execFileSync("tshark", ["-r", file, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "ignore"],
  });

foreign("tshark finds nothing malformed and no wrong checksum", { timeout: 120_000 }, () => {
  const checks = ["ip", "tcp", "udp"].flatMap((layer) => ["-o", `${layer}.check_checksum:TRUE`]);
  const bad = "_ws.malformed || ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0";
  expect(tshark(...checks, "-Y", bad)).toBe("");
  const good = tshark(...checks, "-Y", "tcp.checksum.status==1 || udp.checksum.status==1");
  const packets = [...seen.values()].reduce((sum, flow) => sum + flow.packets[0] + flow.packets[1], 0);
  expect(good.trimEnd().split("\n")).toHaveLength(packets);
});

test.skipIf(!areInstalled("tshark", "7z"))(
  "tshark exports the files of the story, and 7z opens the archive",
  { timeout: 120_000 },
  async () => {
    const exported = (kind: string) => {
      const target = join(folder, kind);
      tshark("-q", "--export-objects", `${kind},${target}`);
      return readdirSync(target).map((name) => ({ name, sha256: sha256(readFileSync(join(target, name))) }));
    };
    const http = exported("http");
    for (const { name, sha256 } of [INVOICE, IMPLANT_FILE, ARCHIVE])
      expect(http).toContainEqual({ name, sha256 });
    const smb = exported("smb");
    expect(smb).toContainEqual({ name: `%5cTemp%5c${TOOL.name}`, sha256: TOOL.sha256 });
    // Every file that was read or written over SMB, and no other.
    const carved = talks
      .filter(({ endpoints }) => endpoints[1].port === 445)
      .flatMap((talk) => objectsOfSmb(talk));
    expect(carved.map((object) => object.sha256).sort()).toEqual(smb.map((file) => file.sha256).sort());
    const told = (await toldFiles()).filter(({ source }) => source === "SMB");
    expect(told.map((each) => each.sha256).sort()).toEqual(smb.map((each) => each.sha256).sort());
    expect(told.map(({ filename }) => filename)).toContain(TOOL.name);
    expect(exported("ftp-data")).toContainEqual({ name: LISTING.name, sha256: LISTING.sha256 });
    expect(exported("imf").map(({ name }) => name)).toEqual(["Overdue%3a invoice 88213.eml"]);
    const listed = execFileSync("7z", ["t", join(folder, "http", ARCHIVE.name)], { encoding: "utf8" });
    expect(listed).toMatch(/Everything is Ok\s+Files: 40/);
  },
);

foreign(
  "the fingerprints of TLS are those that tshark and the specifications say",
  { timeout: 120_000 },
  () => {
    const fields = ["ja3", "ciphersuite", "extension.type", "sig_hash_alg"].map(
      (field) => `tls.handshake.${field}`,
    );
    const lines = tshark(
      ...["-Y", "tls.handshake.type==1", "-T", "fields"],
      ...fields.flatMap((field) => ["-e", field]),
    );
    const hellos = new Set(lines.trimEnd().split("\n"));
    const found = [...hellos].map((line) => {
      const [ja3, ciphers = "", extensions = "", signatures = ""] = line.split("\t");
      return { ja3, ...parts(ciphers, extensions, signatures) };
    });
    const expected = [BROWSER, IMPLANT].map(({ ja3, ja4 }: Greeting) => {
      const [, ciphers, rest] = ja4.split("_");
      return { ja3, ciphers, rest };
    });
    expect(new Set(found.map((each) => JSON.stringify(each)))).toEqual(
      new Set(expected.map((each) => JSON.stringify(each))),
    );
  },
);

/** The two hashes of JA4: sorted ciphers; sorted extensions without names and protocols, then signatures as they come. */
function parts(ciphers: string, extensions: string, signatures: string) {
  const short = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12);
  const hex = (text: string) => text.split(",").map((number) => Number(number).toString(16).padStart(4, "0"));
  const kinds = hex(extensions).filter((kind) => kind !== "0000" && kind !== "0010");
  return {
    ciphers: short(hex(ciphers).sort().join()),
    rest: short(`${kinds.sort().join()}_${hex(signatures).join()}`),
  };
}

test("the guide prints the hash of the archive", () => {
  const guide = readFileSync(new URL("../../../docs/guide/first-steps.md", import.meta.url), "utf8");
  expect(guide).toContain(`\n${ARCHIVE.sha256}\n`);
  expect(guide).toContain(`${ARCHIVE.content.length.toLocaleString("en")} bytes`);
});

import {
  createReadStream,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { areInstalled } from "../testing/programs.ts";
import { readCapture } from "./read-capture.ts";
import { recognise } from "./recognise.ts";
import { editcap, outputOf, tcpdump, tshark } from "./testing/foreign.ts";
import { joined, packetsOf, pcapOf, readAll, sampleRows } from "./testing/samples.ts";
import { writePcap } from "./write-pcap.ts";
import { writePcapng } from "./write-pcapng.ts";

const SHARED = join(import.meta.dirname, "../../../../shared/data");
const folder = mkdtempSync(join(tmpdir(), "metron-captures-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Without the snap length of the header, in which writers differ. */
function plain(pcap: Buffer): Buffer {
  return Buffer.from(pcap).fill(0, 16, 20);
}

/** The links of a capture, and all of it as pcap with nanoseconds: the form that others' programs can be asked for too. */
async function asPcap(path: string) {
  const { packets, report } = readCapture(createReadStream(path));
  const pcap = await joined(writePcap(packets, { nano: true }).bytes);
  return { pcap: plain(pcap), report };
}

describe.skipIf(!areInstalled("tshark", "editcap", "tcpdump"))("beside the programs of others", () => {
  test.skipIf(!existsSync(SHARED))("every capture is read as Wireshark and libpcap read it", async () => {
    const paths = globSync(["**/*.{pcap,pcapng,pcap.gz}"], { cwd: SHARED });
    expect(paths.length).toBeGreaterThan(150);
    const differing: string[] = [];
    let beside = 0;
    const next = paths.values();
    const worker = async () => {
      for (const path of next) {
        const { pcap, report } = await asPcap(join(SHARED, path));
        if (report.problemCount > 0) differing.push(`${path}: ${report.problems[0]?.text}`);
        if (!pcap.equals(plain(await editcap(join(SHARED, path), "nsecpcap"))))
          differing.push(`${path}: Wireshark`);
        // tcpdump unpacks nothing.
        if (path.endsWith(".gz")) continue;
        if (!pcap.equals(plain(await tcpdump(join(SHARED, path))))) differing.push(`${path}: libpcap`);
        beside++;
      }
    };
    await Promise.all([worker(), worker()]);
    expect(differing).toEqual([
      // libpcap cuts a packet of 10,014 bytes to the 9,999 that the header promises; Wireshark shows all that is there, as is done here.
      "pcap/zeek/krb__smb2_krb.pcap: libpcap",
    ]);
    expect(beside).toBeGreaterThan(150);
  });

  const rows = sampleRows(40);
  const nanoRows = sampleRows(40, { nanos: true });

  test.each(["pcap", "nsecpcap", "modpcap", "pcapng", "nokiapcap", "rh6_1pcap", "suse6_3pcap"])(
    "reads what editcap makes of a capture as %s",
    async (format) => {
      const original = file(`to-${format}.pcap`, await pcapOf(nanoRows, true));
      const hasNanos = format === "nsecpcap" || format === "pcapng";
      const expected = hasNanos ? nanoRows : rows;
      const read = readAll(await editcap(original, format));
      expect(read.texts).toEqual([]);
      // Wireshark writes the largest snap length of its kind.
      expect(read.rows).toEqual(
        expected.map((row) => ({ ...row, link: expect.objectContaining({ linkType: 1 }) })),
      );
    },
  );

  test.each([
    ["snoop", "snoop"],
    ["netmon1", "Microsoft Network Monitor 1"],
    ["netmon2", "Microsoft Network Monitor 2"],
    ["ngsniffer", "Sniffer"],
    ["ngwsniffer_2_0", "NetXray"],
  ])("recognises %s as nothing that is read here", async (format, name) => {
    // Some of these formats cannot be written to a pipe.
    const path = join(folder, `capture.${format}`);
    await outputOf("editcap", "-F", format, file(`${format}.pcap`, await pcapOf(rows)), path);
    const theirs = readFileSync(path);
    const advice = `${name} captures are not read here; convert the file with \`editcap -F pcapng\``;
    expect(recognise(theirs)).toEqual({ kind: "foreign", format: name, advice });
    expect(readAll(theirs)).toMatchObject({ rows: [], texts: [`0: ${advice}`] });
  });

  test("reads times that editcap moved", async () => {
    const original = file("moved.pcap", await pcapOf(rows));
    const read = readAll(await editcap(original, "pcap", "-t", "-3600.5"));
    expect(read.rows.map(({ micros }) => micros)).toEqual(rows.map(({ micros }) => micros - 3_600_500_000));
  });

  test.each([
    ["microseconds", rows, false],
    ["nanoseconds", nanoRows, true],
  ])("others read pcap in %s as it was written", async (name, written, nano) => {
    const path = file(`${name}.pcap`, await pcapOf(written, nano));
    await expectSame(path, written);
  });

  test("others read pcapng as it was written", async () => {
    const links = [
      { linkType: 1, snapLength: 262_144, name: "eth0", description: "to the world", filter: "tcp port 80" },
      { linkType: 1, snapLength: 262_144, name: "eth1" },
    ];
    const written = nanoRows.map((row, index) => ({ ...row, link: links[index % 3 === 0 ? 1 : 0]! }));
    const notes = { application: "Metron", comments: ["from the store, 2026-11-30", "the second note"] };
    const path = file("written.pcapng", await joined(writePcapng([packetsOf(written)], notes)));
    await expectSame(path, written);
    const names = await tshark(path, "frame.interface_name", "frame.interface_description");
    expect(names).toEqual(written.map(({ link }) => [link.name, link.description ?? ""]));
    const told = (await outputOf("capinfos", path)).toString();
    for (const text of ["from the store, 2026-11-30", "the second note", "Metron", "tcp port 80", "eth1"]) {
      expect(told).toContain(text);
    }
  });

  test("secrets go to others and come from them", async () => {
    const keys = `CLIENT_RANDOM ${"0".repeat(64)} ${"1".repeat(96)}\n`;
    const secrets = [{ type: 0x544c534b, bytes: Buffer.from(keys) }];
    const written = file("secrets.pcapng", await joined(writePcapng([packetsOf(rows)], { secrets })));
    const without = file("without.pcap", await pcapOf(rows));
    const injected = ["--inject-secrets", `tls,${file("keys.log", Buffer.from(keys))}`];
    for (const theirs of [await editcap(written, "pcapng"), await editcap(without, "pcapng", ...injected)]) {
      const { report } = readAll(theirs);
      expect(report).toMatchObject({ packets: 40, problemCount: 0 });
      expect(report.secrets).toEqual([{ type: 0x544c534b, bytes: Uint8Array.from(secrets[0]!.bytes) }]);
    }
  });

  test("others read links of two kinds in one pcapng", async () => {
    const links = [
      { linkType: 1, snapLength: 65_535 },
      { linkType: 101, snapLength: 0 },
    ];
    const written = rows.map((row, index) => ({ ...row, link: links[index % 2]! }));
    const path = file("two-links.pcapng", await joined(writePcapng([packetsOf(written)])));
    const types = await tshark(path, "frame.interface_id", "frame.encap_type", "frame.cap_len");
    // Wireshark numbers its encapsulations by itself: 1 is Ethernet, 7 raw IP.
    expect(types).toEqual(
      written.map(({ link, frame }, index) => [
        String(index % 2),
        link.linkType === 1 ? "1" : "7",
        String(frame.length / 2),
      ]),
    );
  });
});

/** Both foreign readers see these packets, with all their bytes. */
async function expectSame(path: string, rows: Parameters<typeof pcapOf>[0]): Promise<void> {
  const expected = plain(await pcapOf(rows, true));
  expect(plain(await editcap(path, "nsecpcap")).equals(expected)).toBe(true);
  expect(plain(await tcpdump(path)).equals(expected)).toBe(true);
  const seen = await tshark(path, "frame.time_epoch", "frame.cap_len", "frame.len");
  expect(seen).toEqual(
    rows.map(({ micros, nanos, frame, original }) => [
      `${Math.floor(micros / 1e6)}.${String((micros % 1e6) * 1000 + nanos).padStart(9, "0")}`,
      String(frame.length / 2),
      String(original),
    ]),
  );
}

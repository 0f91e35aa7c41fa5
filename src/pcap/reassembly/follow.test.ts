/** Compares the streams of the shared captures with what tshark follows, byte by byte. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { sharedCaptures, writeCapture } from "../testing/captures.ts";
import { chance } from "../testing/chance.ts";
import { blockOf, ethernet, type Frame, ip } from "../testing/frames.ts";
import { areInstalled } from "../testing/programs.ts";
import { talk } from "../testing/talk.ts";
import { conversationsOfBlock, hasCaptures, packetsOf } from "../testing/tcp-captures.ts";
import type { Chunk, Conversation, Endpoint } from "./conversation.ts";
import type { Side } from "./segment.ts";

type Followed = { readonly nodes: readonly [string, string]; readonly said: readonly [string, string] };

/** The streams that tshark follows, as hex; where bytes are missing it writes so into them. */
function follow(file: string, count: number): Followed[] {
  const asked = Array.from({ length: count }, (_, stream) => ["-z", `follow,tcp,raw,${stream}`]).flat();
  const text = execFileSync("tshark", ["-q", "-r", file, ...asked], {
    encoding: "latin1",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 2 ** 30,
  });
  return text.split(/^={10,}$/m).flatMap((part) => {
    const [, one, other] = /Node 0: (\S+)\s+Node 1: (\S+)/.exec(part) ?? [];
    if (one === undefined || other === undefined || one === ":0") return [];
    const lines = part.slice(part.indexOf("Node 1:")).split("\n").slice(1);
    const said = [
      lines.filter((line) => !line.startsWith("\t")),
      lines.filter((line) => line.startsWith("\t")),
    ];
    const [first = "", second = ""] = said.map((side) => side.map((line) => line.trim()).join(""));
    return [{ nodes: [one, other] as const, said: [first, second] as const }];
  });
}

/** A side of ours in the same form. What is missing in front and at the end tshark does not tell. */
function said(conversation: Conversation, side: Side): string {
  const mine = conversation.chunks.filter((chunk) => chunk.side === side && !isUntold(chunk));
  const isBytes = (chunk: (typeof mine)[number]) => chunk.kind !== "gap";
  const from = mine.findIndex(isBytes);
  return mine
    .slice(from < 0 ? mine.length : from, mine.findLastIndex(isBytes) + 1)
    .map((chunk) => (chunk.kind === "gap" ? missing(chunk.length) : Buffer.from(chunk.bytes).toString("hex")))
    .join("");
}

const missing = (length: number) =>
  Buffer.from(`[${length} bytes missing in capture file]\0`).toString("hex");
const nameOf = ({ address, port }: Endpoint) => `${address.includes(":") ? `[${address}]` : address}:${port}`;

/** Cuts the packets of frames to fragments of that many bytes, some twice, all in another order. */
function fragments(frames: readonly Frame[], hosts: readonly [string, string], size: number): Frame[] {
  const random = chance(11);
  const isIpv4 = !hosts[0].includes(":");
  return frames.flatMap(({ bytes, micros }, id) => {
    const start = 14 + (isIpv4 ? 20 : 40);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const end = isIpv4 ? 14 + view.getUint16(16) : start + view.getUint16(18);
    const segment = bytes.subarray(start, end);
    const [from, to] = view.getUint16(start) === 40_000 ? hosts : [hosts[1], hosts[0]];
    const pieces = Array.from({ length: Math.ceil(segment.length / size) }, (_, at) => {
      const offset = at * size;
      const payload = segment.subarray(offset, offset + size);
      const more = offset + size < segment.length;
      return { bytes: ethernet(ip({ from, to, protocol: 6, id, offset, more, payload })), micros };
    });
    return random.shuffled([...pieces, ...pieces.filter(() => random.often(20))]);
  });
}

test.skipIf(!areInstalled("tshark")).each([
  [["10.0.0.1", "10.0.0.2"], 24],
  [["10.0.0.1", "10.0.0.2"], 512],
  [["2001:db8::1", "2001:db8::2"], 48],
] as const)(
  "a stream in fragments is the one that tshark follows: %j, %i bytes",
  { timeout: 120_000 },
  (hosts, size) => {
    const random = chance(5);
    const played = talk({ hosts }).open();
    for (let turn = 0; turn < 20; turn++)
      played.say(turn % 3 === 0 ? 0 : 1, random.bytes(1 + random.below(4_000)));
    const frames = fragments(played.close().frames, hosts, size);
    const [conversation] = conversationsOfBlock(blockOf(frames)).tcp;
    const ours = ([0, 1] as const).map((side) => said(conversation!, side));
    expect(ours).toEqual(played.said.map((parts) => Buffer.concat(parts).toString("hex")));
    const folder = mkdtempSync(join(tmpdir(), "metron-fragments-"));
    const { path } = writeCapture(
      join(folder, "fragments.pcap"),
      1,
      frames.map(({ bytes }, index) => ({ name: String(index), frame: bytes })),
    );
    const [followed] = follow(path, 1);
    rmSync(folder, { recursive: true });
    expect(followed?.said).toEqual(ours);
  },
);

/**
 * The differences that there are, and why. Bytes that the snap length cut off (`cut`) tshark leaves out without a word; we tell them.
 */
const isUntold = (chunk: Chunk) => chunk.kind === "gap" && chunk.reason === "cut";

/** tshark takes a second per capture, so the short run tries each eighth; `METRON_RUNS=2` tries all. */
const chosen = (_: string, at: number) => runs(1) > 1 || at % 8 === 0;

test.skipIf(!hasCaptures)("streams are those that tshark follows", { timeout: 600_000 }, () => {
  const differences: string[] = [];
  let equal = 0;
  for (const file of sharedCaptures().filter(chosen)) {
    const packets = packetsOf(file);
    const ours = packets === undefined ? [] : conversationsOfBlock(packets).tcp;
    if (ours.length === 0) continue;
    const theirs = follow(file, ours.length + 5);
    for (const conversation of ours) {
      const names = conversation.endpoints.map(nameOf) as [string, string];
      const at = theirs.findIndex(({ nodes }) => names.includes(nodes[0]) && names.includes(nodes[1]));
      const [their] = at < 0 ? [] : theirs.splice(at, 1);
      const both = ([0, 1] as const).map((side) => said(conversation, side));
      if (their !== undefined && their.nodes[0] !== names[0]) both.reverse();
      if (their?.said[0] === both[0] && their?.said[1] === both[1]) equal++;
      else if (their !== undefined || both.join("") !== "")
        differences.push(
          `${basename(file)} ${names.join(" ")}: ${their === undefined ? "not followed" : `${both.map((hex) => hex.length / 2)} and ${their.said.map((hex) => hex.length / 2)}`}`,
        );
    }
  }
  expect(differences).toEqual([]);
  expect(equal).toBeGreaterThan(10);
});

/** Compares what numbers of TCP say with the relative numbers and scaled windows that tshark computes, packet by packet. */
import { execFileSync } from "node:child_process";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { runs } from "../../../core/testing/runs.ts";
import { sharedCaptures } from "../../../pcap/testing/captures.ts";
import { conversationsOfBlock, hasCaptures, packetsOf } from "../../../pcap/testing/tcp-captures.ts";
import { type Sequences, sequencesOf } from "./sequences.ts";

const FIELDS = [
  "frame.number",
  "tcp.stream",
  "tcp.srcport",
  "tcp.seq",
  "tcp.len",
  "tcp.ack",
  "tcp.window_size",
];

type Frame = { readonly number: number; readonly isClient: boolean } & Record<
  "sequence" | "length" | "acknowledgement" | "window" | "flags",
  number
>;

/** The frames of a capture's only stream of TCP, or undefined where it has others or is cut. */
function framesOf(file: string): Frame[] | undefined {
  const text = execFileSync(
    "tshark",
    [
      ...["-r", file, "-Y", "tcp && !icmp", "-T", "fields"],
      ...[...FIELDS, "tcp.flags"].flatMap((field) => ["-e", field]),
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  const rows = text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t").map(Number));
  const [first] = rows;
  const isOnly = rows.every((row) => row[1] === 0 && row.every(Number.isFinite));
  // Without both SYNs tshark guesses how windows are scaled.
  const syns = rows.filter((row) => (row[7] ?? 0) & 2);
  if (first === undefined || !isOnly || new Set(syns.map((row) => row[2])).size !== 2) return undefined;
  return rows.map(([number, , port, sequence, length, acknowledgement, window, flags]) => ({
    ...{ number: number!, isClient: port === first[2], sequence: sequence! - 1, length: length! },
    ...{ acknowledgement: acknowledgement! - 1, window: window!, flags: flags! },
  }));
}

/** What each side's bytes come to at each frame. */
function expected(frames: readonly Frame[]): Sequences {
  const [client, server] = [true, false].map((isClient) => {
    let state = { sent: 0, acknowledged: 0, limit: undefined as number | undefined };
    let end = Number.POSITIVE_INFINITY;
    return frames.map((frame) => {
      const { sequence, length, acknowledgement, window, flags, number } = frame;
      if (frame.isClient === isClient) {
        if (flags & 1) end = Math.max(0, sequence) + length;
        state = { ...state, sent: Math.max(state.sent, Math.min(sequence + length, end)) };
      } else if (flags & 16 && !(flags & 4)) {
        const acknowledged = Math.max(state.acknowledged, Math.min(acknowledgement, end));
        state = { ...state, acknowledged, limit: acknowledged + window };
      }
      return { packet: number, ...state };
    });
  });
  return { client, server, leftOut: 0 } as unknown as Sequences;
}

/** tshark takes a second per capture, so the short run tries each sixth; `METRON_RUNS=2` tries all. */
const chosen = (_: string, at: number) => runs(1) > 1 || at % 6 === 0;

test.skipIf(!hasCaptures)("numbers are those that tshark computes", { timeout: 300_000 }, async () => {
  const compared: string[] = [];
  for (const file of sharedCaptures().filter(chosen)) {
    const packets = packetsOf(file);
    const conversations = packets === undefined ? [] : conversationsOfBlock(packets).tcp;
    const [conversation] = conversations;
    if (packets === undefined || conversation === undefined || conversations.length !== 1) continue;
    const frames = framesOf(file);
    if (frames === undefined) continue;
    const numbers = Array.from({ length: packets.count }, (_, number) => number);
    const bounds = { first: packets.micros[0]!, last: packets.micros[packets.count - 1]! };
    const ours = await sequencesOf([packets], { ...conversation, ...bounds }, numbers, 1e9);
    const theirs = expected(frames);
    for (const side of ["client", "server"] as const) {
      const byPacket = new Map(theirs[side].map(({ packet, ...state }) => [packet, state]));
      const found = ours[side].map(({ packet, sent, acknowledged, limit }) => ({
        packet,
        sent,
        acknowledged,
        limit,
      }));
      const wanted = ours[side].map(({ packet }) => ({ packet, ...byPacket.get(packet) }));
      expect(found, `${basename(file)}, ${side}`).toEqual(wanted);
    }
    compared.push(basename(file));
  }
  expect(compared.length).toBeGreaterThan(2);
});

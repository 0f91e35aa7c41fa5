import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { openDecoder } from "../decode/decode.ts";
import type { Packets } from "../packets.ts";
import { packetsOf } from "../testing/build.ts";
import { sharedCaptures } from "../testing/captures.ts";
import { mutate, randomOf } from "../testing/mutate.ts";
import { readPcap } from "../testing/read-pcap.ts";
import { collectRecords } from "../testing/records.ts";
import { SESSIONS } from "./testing/sessions.ts";

const COUNT = 3_000;
/** Packets of a capture that are taken. */
const MOST = 60;
/** Flows and bytes that may be kept: less than what is read. */
const LIMITS = { flows: 20, bytes: 64 * 1024, bytesPerSide: 16 * 1024 };
const LONGEST_RECORD = 2 ** 20;

type Capture = { readonly linkType: number; readonly frames: readonly Uint8Array[] };

function capturesOf(): readonly Capture[] {
  const shared = sharedCaptures()
    .filter((path) => path.endsWith(".pcap"))
    .map((path) => {
      const packets = readPcap(path);
      return { linkType: packets.seen[0]?.linkType ?? 1, frames: framesOf(packets) };
    });
  return [
    ...shared,
    ...SESSIONS.map(({ frames }) => ({ linkType: 1, frames: frames.map(({ bytes }) => bytes) })),
  ];
}

function framesOf({ bytes, starts, captured, count }: Packets): readonly Uint8Array[] {
  return Array.from({ length: Math.min(count, MOST) }, (_, row) =>
    bytes.slice(starts[row], (starts[row] ?? 0) + (captured[row] ?? 0)),
  );
}

test(`${COUNT} damaged captures are read in bounds`, { timeout: 600_000 }, () => {
  const random = randomOf(20_250_101);
  const captures = capturesOf();
  for (let count = 0; count < runs(COUNT); count++) {
    const { linkType, frames } = captures[Math.floor(random() * captures.length)] ?? {
      linkType: 1,
      frames: [],
    };
    const damaged = frames.flatMap((frame) => {
      const chance = random();
      if (chance < 0.05) return [];
      if (chance < 0.1) return [frame, frame];
      // Headers are kept more often than not, so that what is damaged gets to the readers of protocols.
      const kept = random() < 0.8 ? Math.min(frame.length, 54) : 0;
      return chance < 0.6
        ? [frame]
        : [Buffer.concat([frame.subarray(0, kept), mutate(frame.subarray(kept), random)])];
    });
    const { flows, records } = collectRecords(LIMITS);
    const decoder = openDecoder();
    const block = packetsOf(linkType, damaged);
    flows.push(block, decoder.decode(block));
    flows.end();
    expect(flows.counts.records).toBe(records.length);
    expect(records.filter(({ kind }) => kind === "conn").length).toBe(flows.counts.flows);
    for (const { fields } of records) expect(JSON.stringify(fields).length).toBeLessThan(LONGEST_RECORD);
  }
});

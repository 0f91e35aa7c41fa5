/** Random conversations of which is known what was said, in which order, and which bytes the capture lost. */
import type { Side } from "../reassembly/segment.ts";
import type { Chance } from "./chance.ts";
import { type Frame, join } from "./frames.ts";
import { type Talk, talk } from "./talk.ts";

export type RandomTalk = {
  readonly frames: readonly Frame[];
  readonly said: readonly [Uint8Array, Uint8Array];
  /** Of each byte whether a frame with it is left. */
  readonly captured: readonly [Uint8Array, Uint8Array];
  /** Who spoke how many bytes, turn by turn. */
  readonly turns: readonly { readonly side: Side; readonly length: number }[];
};

export type Damage = {
  /** Percent of segments that are lost, that come again, and that come again cut differently. */
  readonly lost?: number;
  readonly repeated?: number;
  readonly cutAgain?: number;
  /** Whether all frames are shuffled. */
  readonly shuffled?: boolean;
};

export function randomTalk(random: Chance, damage: Damage): RandomTalk {
  const played = talk({
    numbers: [random.below(2) ? 2 ** 32 - random.below(3_000) : random.below(2 ** 31), 2 ** 32 - 50],
  });
  played.open();
  const turns: { side: Side; length: number }[] = [];
  const lengths: [number, number] = [0, 0];
  /** The data frames: which bytes of which side they have. */
  const brought: { frame: Frame; side: Side; from: number; to: number }[] = [];
  const note = (made: Talk, side: Side, from: number, to: number) =>
    brought.push({ frame: made.frames.at(-1)!, side, from, to });
  for (let turn = 0; turn < 2 + random.below(8); turn++) {
    const side: Side = turn % 2 === 0 ? 0 : 1;
    const bytes = random.bytes(1 + random.below(400));
    const start = lengths[side];
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + 1 + random.below(90));
      played.say(side, piece);
      note(played, side, start + at, start + at + piece.length);
      at += piece.length;
    }
    lengths[side] += bytes.length;
    turns.push({ side, length: bytes.length });
    if (random.often(damage.cutAgain ?? 0)) {
      const from = random.below(bytes.length);
      const to = from + 1 + random.below(bytes.length - from);
      played.raw(side, { position: start + from, payload: bytes.subarray(from, to) });
      note(played, side, start + from, start + to);
    }
  }
  played.close();
  const lost = new Set(brought.filter(() => random.often(damage.lost ?? 0)).map(({ frame }) => frame));
  const captured: [Uint8Array, Uint8Array] = [new Uint8Array(lengths[0]), new Uint8Array(lengths[1])];
  for (const { frame, side, from, to } of brought) if (!lost.has(frame)) captured[side].fill(1, from, to);
  const frames = played.frames
    .filter((frame) => !lost.has(frame))
    .flatMap((frame) => (random.often(damage.repeated ?? 0) ? [frame, frame] : [frame]));
  return {
    frames: damage.shuffled ? random.shuffled(frames) : frames,
    said: [join(...played.said[0]), join(...played.said[1])],
    captured,
    turns,
  };
}

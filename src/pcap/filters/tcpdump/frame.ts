import type { Layers } from "../../layers.ts";

/**
 * The packet that is being tested. One frame is used again for every packet. As in the machine that tcpdump compiles to, a filter that
 * reads behind what was captured lets the packet not pass, whatever NOT comes before.
 */
export type Frame = {
  bytes: Uint8Array;
  start: number;
  /** Where the captured bytes end. */
  end: number;
  /** Length on the wire, in bytes. */
  wire: number;
  layers: Layers;
  /** The row of the outermost addresses. */
  row: number;
};

/** 1 when the packet matches, 0 when it does not, `OUTSIDE` when that cannot be told. */
export type Test = (frame: Frame) => number;

/** A number of 32 bits, or negative when it is outside what was captured. */
export type Load = (frame: Frame) => number;

/** What a test says when it had to read behind the captured bytes. */
export const OUTSIDE = 2;

export const always: Test = () => 1;
export const never: Test = () => 0;

/** Both, the second only if the first matches. */
export function both(one: Test, other: Test): Test {
  return (frame) => {
    const result = one(frame);
    return result === 1 ? other(frame) : result;
  };
}

/** Either, the second only if the first does not match. */
export function either(one: Test, other: Test): Test {
  return (frame) => {
    const result = one(frame);
    return result === 0 ? other(frame) : result;
  };
}

export function inverse(test: Test): Test {
  return (frame) => {
    const result = test(frame);
    return result === OUTSIDE ? OUTSIDE : 1 - result;
  };
}

/** Whether a number, with all bits outside the mask cleared, is the wanted one. */
export function equals(load: Load, wanted: number, mask = 0xffff_ffff): Test {
  // What does not matter is not read, so that it need not be there.
  if (mask === 0) return wanted === 0 ? always : never;
  return (frame) => {
    const value = load(frame);
    if (value < 0) return OUTSIDE;
    return (value & mask) >>> 0 === wanted ? 1 : 0;
  };
}

/** Whether a number is between two, both included. */
export function isBetween(load: Load, least: number, most: number): Test {
  return (frame) => {
    const value = load(frame);
    if (value < 0) return OUTSIDE;
    return value >= least && value <= most ? 1 : 0;
  };
}

/** Reads 1, 2 or 4 bytes; negative when they are not within the frame. */
export function read(frame: Frame, at: number, size: 1 | 2 | 4): number {
  const { bytes } = frame;
  if (at < frame.start || at + size > frame.end) return -1;
  if (size === 1) return bytes[at]!;
  const high = (bytes[at]! << 8) | bytes[at + 1]!;
  return size === 2 ? high : ((high << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

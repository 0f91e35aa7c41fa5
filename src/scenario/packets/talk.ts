/**
 * A conversation of two machines: who speaks when, and which packets a tap beside the first of them sees of it. Only lengths are needed
 * for that, so telemetry and packets are told from one plan and agree in every number.
 */
import type { Counts, Flow } from "../flow.ts";
import type { Content } from "./content.ts";

/** 0 opened the conversation. */
type Side = 0 | 1;

/** What a side says at once. */
export type Turn = {
  readonly side: Side;
  readonly content: Content;
  /** How long it thinks before, in milliseconds. */
  readonly wait?: number;
};

/** A conversation and the flow that sensors tell of. What `state` says of the flow is how it ends. */
export type Talk = Pacing & { readonly flow: Flow; readonly turns: readonly Turn[] };

export type Pacing = {
  /** How long the other side takes to answer, in milliseconds. */
  readonly roundTrip: number;
  /** Microseconds between two full segments. */
  readonly pace?: number;
  /** How long it is kept open at least, in milliseconds. */
  readonly lasts?: number;
};

export const TCP = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

/** A packet to come. Numbers of TCP count from each side's SYN. */
export type Segment = {
  readonly micros: number;
  readonly side: Side;
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** Which part of which turn it carries; turn -1 is none. */
  readonly turn: number;
  readonly from: number;
  readonly length: number;
  readonly isAgain: boolean;
};

const MOST_PAYLOAD = 1460;
/** Microseconds from the tap to the nearer machine and back. */
const NEAR = 150;
const PACE = 12;
/** One segment in this many is lost on the way to the farther machine or from it, and sent again: the tap sees it twice, or late. */
const LOST = 1500;

/** The packets of a conversation, in order of time. */
export function segmentsOf(talk: Talk): Segment[] {
  return talk.flow.protocol === "udp" ? datagrams(talk) : openPlan(talk);
}

function datagrams({ flow, turns, roundTrip }: Talk): Segment[] {
  let micros = Math.round(flow.time * 1000);
  return turns.map(({ side, content, wait = 0 }, turn) => {
    if (turn > 0) micros += Math.round((wait + (side === 1 ? roundTrip : 0)) * 1000);
    const none = { flags: 0, sequence: 0, acknowledgement: 0, isAgain: false };
    return { ...none, micros, side, turn, from: 0, length: content.length };
  });
}

function openPlan({ flow, turns, roundTrip, lasts = 0, pace = PACE }: Talk): Segment[] {
  const segments: Segment[] = [];
  const far = Math.round(roundTrip * 1000);
  const start = Math.round(flow.time * 1000);
  const next: [number, number] = [0, 0];
  let micros = start;
  const bare = (side: Side, flags: number) => {
    const acknowledgement = (flags & TCP.ack) === 0 ? 0 : next[side === 0 ? 1 : 0];
    const part = { turn: -1, from: 0, length: 0, isAgain: false };
    segments.push({ micros, side, flags, sequence: next[side], acknowledgement, ...part });
    if (flags & (TCP.syn | TCP.fin)) next[side]++;
  };
  bare(0, TCP.syn);
  if (flow.state === "S0") return segments;
  micros += far;
  if (flow.state === "REJ") {
    bare(1, TCP.rst | TCP.ack);
    return segments;
  }
  bare(1, TCP.syn | TCP.ack);
  micros += NEAR;
  bare(0, TCP.ack);
  for (const [turn, { side, content, wait = 0 }] of turns.entries()) {
    micros += Math.round(wait * 1000) + pace;
    const back = side === 0 ? far : NEAR;
    micros = speak(segments, { turn, side, length: content.length, micros, back, pace, next });
  }
  micros = Math.max(micros + NEAR, start + Math.round(lasts * 1000) - far - NEAR);
  bare(0, TCP.fin | TCP.ack);
  micros += far;
  bare(1, TCP.fin | TCP.ack);
  micros += NEAR;
  bare(0, TCP.ack);
  return segments;
}

type Speech = {
  readonly turn: number;
  readonly side: Side;
  readonly length: number;
  readonly micros: number;
  /** Microseconds after which the tap sees what the listener answers. */
  readonly back: number;
  readonly pace: number;
  readonly next: [number, number];
};

/** Adds the segments of a turn and what the listener acknowledges of it; returns when the last of them is seen. */
function speak(segments: Segment[], { turn, side, length, micros, back, pace, next }: Speech): number {
  const listener = side === 0 ? 1 : 0;
  const [first, heard] = [next[side], next[listener]];
  const count = Math.ceil(length / MOST_PAYLOAD);
  const made: Segment[] = [];
  /** The segment that was lost last, and when the listener acknowledges it at last. */
  let hole = { from: 0, until: 0 };
  let end = micros;
  const acknowledge = (at: number, position: number) => {
    const part = { turn: -1, from: 0, length: 0, isAgain: false };
    const numbers = { sequence: heard, acknowledgement: first + position };
    made.push({ micros: at, side: listener, flags: TCP.ack, ...numbers, ...part });
    end = at;
  };
  for (let index = 0; index < count; index++) {
    const from = index * MOST_PAYLOAD;
    const size = Math.min(MOST_PAYLOAD, length - from);
    const isLast = index === count - 1;
    const at = micros + index * pace;
    const segment = {
      side,
      flags: isLast ? TCP.ack | TCP.psh : TCP.ack,
      sequence: first + from,
      acknowledgement: heard,
      turn,
      from,
      length: size,
    };
    const isLost = index % LOST === LOST / 2 && count - index > LOST / 4;
    if (!isLost || side === 0) made.push({ ...segment, micros: at, isAgain: false });
    if (isLost) {
      // The listener repeats what it has three times; then the segment comes again.
      const again = at + back + 8 * pace;
      made.push({ ...segment, micros: again, isAgain: side === 0 });
      hole = { from, until: again + back };
    } else if (isLast) acknowledge(Math.max(at + back, hole.until), length);
    else if (index % 2 === 1) acknowledge(at + back, at + back < hole.until ? hole.from : from + size);
  }
  made.sort((one, other) => one.micros - other.micros);
  for (const segment of made) segments.push(segment);
  next[side] += length;
  return end;
}

/** Counts the packets of a conversation. */
export function countsOf(talk: Talk): Counts {
  const segments = segmentsOf(talk);
  const bytes: [number, number] = [0, 0];
  const packets: [number, number] = [0, 0];
  const ipBytes: [number, number] = [0, 0];
  let history = "";
  for (const segment of segments) {
    const { side, length, isAgain } = segment;
    packets[side]++;
    ipBytes[side] += 20 + headerLength(talk.flow.protocol, segment) + length;
    if (!isAgain) bytes[side] += length;
    const letter = letterOf(segment);
    const shown = side === 0 ? letter.toUpperCase() : letter;
    if (!history.includes(shown)) history += shown;
  }
  const micros = segments.at(-1)!.micros - segments[0]!.micros;
  return { duration: micros / 1e6, bytes, packets, ipBytes, history };
}

/** How long the header of the transport is. A SYN tells the largest segment and how its windows are scaled. */
export function headerLength(protocol: Flow["protocol"], { flags }: Segment): number {
  if (protocol === "udp") return 8;
  return (flags & TCP.syn) === 0 ? 20 : 28;
}

/** The letter of a packet in Zeek's history, where the answering side has small ones. */
function letterOf({ flags, length, isAgain }: Segment): string {
  if (flags & TCP.syn) return flags & TCP.ack ? "h" : "s";
  if (flags & TCP.rst) return "r";
  if (flags & TCP.fin) return "f";
  if (isAgain) return "t";
  return length > 0 ? "d" : "a";
}

/** Finds out which protocol a TCP connection speaks, and gives its bytes to the reader of that. */
import type { FlowContext, StreamProtocol, StreamReader } from "../protocols/protocol.ts";
import { Flow, type FlowMemory } from "../reassembly/flow.ts";
import { type Side, TCP } from "../reassembly/segment.ts";

export type FlowStream = {
  readonly flow: Flow;
  close(): void;
};

/** Bytes of both sides that are looked at to find the protocol. */
const GLANCE = 2_048;
const PIECES = 64;
const EMPTY = new Uint8Array(0);

/** What came before the protocol was known: bytes, or how many are missing. */
type Piece = { readonly side: Side; readonly bytes: Uint8Array; readonly missing: number };

type Reading =
  | { readonly kind: "undecided"; readonly pieces: Piece[]; readonly heads: [Uint8Array, Uint8Array] }
  | { readonly kind: "reading"; readonly reader: StreamReader }
  /** Nobody reads what comes; where no protocol was found, one may still begin. */
  | { readonly kind: "passing"; readonly isUnknown: boolean };

export type StreamOptions = {
  readonly memory: FlowMemory;
  readonly protocols: readonly StreamProtocol[];
  readonly ports: readonly [number, number];
  /** The numbers of the SYNs, -1 where none was seen. */
  readonly syns: readonly [number, number];
  /** Makes the context when a protocol is found. */
  readonly context: (steps: Pick<FlowContext, "finish" | "restart">) => FlowContext;
  readonly missed: (side: Side, length: number) => void;
  /** The streams are no longer read, for want of memory. */
  readonly dropped: () => void;
};

export function openStream({
  memory,
  protocols,
  ports,
  syns,
  context,
  missed,
  dropped,
}: StreamOptions): FlowStream {
  let reading: Reading = undecided();
  let step: "finish" | "restart" | undefined;
  let flowContext: FlowContext | undefined;

  /** What is held now for this flow, as it was last counted. */
  let held = 0;

  /** Counts what is held; when all flows hold too much, this one is no longer read. */
  const count = () => {
    const now = heldBy(reading);
    memory.used += now - held;
    held = now;
    if (held === 0 || memory.used <= memory.limit) return;
    if (reading.kind === "reading") reading.reader.end();
    reading = { kind: "passing", isUnknown: false };
    memory.used -= held;
    held = 0;
    dropped();
  };
  const applyStep = () => {
    if (step === undefined) return;
    const { kind } = reading;
    if (kind === "reading" && step === "restart") reading.reader.end();
    reading = step === "restart" ? undecided() : { kind: "passing", isUnknown: false };
    step = undefined;
  };
  const read = (reader: StreamReader, side: Side, bytes: Uint8Array, start: number, end: number) => {
    reader.data(side, bytes, start, end);
    applyStep();
  };
  const begin = (protocol: StreamProtocol): StreamReader => {
    flowContext ??= context({
      finish: () => {
        step = "finish";
      },
      restart: () => {
        step = "restart";
      },
    });
    const reader = protocol.open(flowContext);
    reading = { kind: "reading", reader };
    return reader;
  };
  const decide = (pieces: Piece[], heads: readonly [Uint8Array, Uint8Array]) => {
    const first = { heads, ports };
    let isOpen = false;
    for (const protocol of protocols) {
      const told = protocol.tells(first);
      if (told === undefined) isOpen = true;
      if (told !== true) continue;
      begin(protocol);
      for (const { side, bytes, missing } of pieces) {
        if (reading.kind !== "reading") return;
        if (missing > 0) reading.reader.gap(side, missing);
        else read(reading.reader, side, bytes, 0, bytes.length);
      }
      return;
    }
    const length = heads[0].length + heads[1].length;
    if (!isOpen || length >= GLANCE || pieces.length >= PIECES)
      reading = { kind: "passing", isUnknown: true };
  };

  const flow = new Flow(
    {
      data(side, bytes, start, end) {
        if (reading.kind === "reading") read(reading.reader, side, bytes, start, end);
        else if (reading.kind === "undecided") {
          const { pieces, heads } = reading;
          const copy = bytes.slice(start, end);
          pieces.push({ side, bytes: copy, missing: 0 });
          if (heads[side].length < GLANCE) heads[side] = joined(heads[side], copy);
          decide(pieces, heads);
        } else if (reading.isUnknown) {
          const late = protocols.find((protocol) => protocol.begins?.(bytes, start, end));
          if (late !== undefined) read(begin(late), side, bytes, start, end);
        }
        if (reading.kind !== "passing" || held > 0) count();
      },
      gap(side, length) {
        missed(side, length);
        if (reading.kind === "reading") reading.reader.gap(side, length);
        else if (reading.kind === "undecided") {
          const { pieces, heads } = reading;
          missing(pieces, side, length);
          if (pieces.length >= PIECES) decide(pieces, heads);
        }
        applyStep();
      },
      end() {},
    },
    memory,
  );
  for (const side of [0, 1] as const)
    if (syns[side] >= 0) flow.push(side, syns[side], 0, TCP.syn, EMPTY, 0, 0, 0);

  return {
    flow,
    close() {
      flow.close();
      if (reading.kind === "reading") reading.reader.end();
      reading = { kind: "passing", isUnknown: false };
      count();
    },
  };
}

/** Notes missing bytes. Those that follow one another are one piece: of packets whose payload was not kept nothing else comes. */
function missing(pieces: Piece[], side: Side, length: number): void {
  const last = pieces.at(-1);
  if (last?.missing !== undefined && last.missing > 0 && last.side === side)
    pieces[pieces.length - 1] = { side, bytes: EMPTY, missing: last.missing + length };
  else pieces.push({ side, bytes: EMPTY, missing: length });
}

function heldBy(reading: Reading): number {
  if (reading.kind === "reading") return reading.reader.held();
  return reading.kind === "passing" ? 0 : reading.pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function undecided(): Reading {
  return { kind: "undecided", pieces: [], heads: [EMPTY, EMPTY] };
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

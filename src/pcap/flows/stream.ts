/** Finds out which protocol a TCP connection speaks, and gives its bytes to the reader of that. */
import { copyBytes } from "../packets.ts";
import type { FlowContext, StreamProtocol, StreamReader } from "../protocols/protocol.ts";
import { Flow, type FlowMemory, type FlowReader } from "../reassembly/flow.ts";
import { type Side, TCP } from "../reassembly/segment.ts";

/** Bytes of both sides that are looked at to find the protocol. */
const GLANCE = 2_048;
const PIECES = 64;
const EMPTY = new Uint8Array(0);

/** What came before the protocol was known: bytes, or how many are missing. */
type Piece = { readonly side: Side; readonly bytes: Uint8Array; readonly missing: number };

/** What is looked at while the protocol is not known. `length` is how many bytes the pieces have. */
type Glance = { readonly pieces: Piece[]; readonly heads: [Uint8Array, Uint8Array]; length: number };

/** What a reader may ask for while it reads. */
export type StreamSteps = Pick<FlowContext, "finish" | "restart">;

/** What all streams of a thread share. `Owner` is whose streams they are. */
export type StreamHost<Owner> = {
  readonly memory: FlowMemory;
  /** What a connection may speak. */
  protocols(owner: Owner): readonly StreamProtocol[];
  /** Makes the context when a protocol is found. */
  context(owner: Owner, steps: StreamSteps): FlowContext;
  missed(owner: Owner, side: Side, length: number): void;
  /** Streams are no longer read, for want of memory. */
  dropped(): void;
};

/**
 * The two streams of a connection. A class, as there is one for each of 100,000 connections: functions of its own for each cost four times
 * the memory, and as much of the time that clears it up.
 */
export class Stream<Owner> implements FlowReader, StreamSteps {
  readonly flow: Flow;
  readonly #host: StreamHost<Owner>;
  readonly #owner: Owner;
  readonly #ports: readonly [number, number];
  readonly #protocols: readonly StreamProtocol[];
  /** Who reads what comes; without one, and without a glance, nobody does. */
  #reader: StreamReader | undefined;
  #glance: Glance | undefined = noGlance();
  /** No protocol was found, but one may still begin. */
  #isUnknown = false;
  #context: FlowContext | undefined;
  #step: "finish" | "restart" | undefined;
  /** What is held now for this flow, as it was last counted. */
  #held = 0;
  #ended = 0;

  /** @param syns the numbers of the SYNs, -1 where none was seen */
  constructor(
    host: StreamHost<Owner>,
    owner: Owner,
    ports: readonly [number, number],
    syns: readonly [number, number],
  ) {
    this.#host = host;
    this.#owner = owner;
    this.#ports = ports;
    this.#protocols = host.protocols(owner);
    this.flow = new Flow(this, host.memory);
    if (syns[0] >= 0) this.flow.push(0, syns[0], 0, TCP.syn, EMPTY, 0, 0, 0);
    if (syns[1] >= 0) this.flow.push(1, syns[1], 0, TCP.syn, EMPTY, 0, 0, 0);
  }

  close(): void {
    this.flow.close();
    this.#reader?.end();
    this.#pass(false);
    this.#count();
  }

  finish(): void {
    this.#step = "finish";
  }

  restart(): void {
    this.#step = "restart";
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number): void {
    if (this.#reader !== undefined) this.#read(this.#reader, side, bytes, start, end);
    else if (this.#glance !== undefined) this.#look(this.#glance, side, copyBytes(bytes, start, end));
    else if (this.#isUnknown) {
      const late = this.#protocols.find((protocol) => protocol.begins?.(bytes, start, end));
      if (late !== undefined) this.#read(this.#begin(late), side, bytes, start, end);
    }
    if (this.#reader !== undefined || this.#glance !== undefined || this.#held > 0) this.#count();
  }

  gap(side: Side, length: number): void {
    this.#host.missed(this.#owner, side, length);
    if (this.#reader !== undefined) this.#reader.gap(side, length);
    else if (this.#glance !== undefined) {
      const { pieces } = this.#glance;
      missing(pieces, side, length);
      if (pieces.length >= PIECES) this.#decide(this.#glance);
    }
    this.#applyStep();
  }

  end(): void {
    if (++this.#ended < 2) return;
    // A connection waits some seconds for its last packets, but no bytes come any more: its reader need not wait in memory.
    this.#reader?.end();
    this.#pass(false);
    this.#context = undefined;
    this.#count();
  }

  #pass(isUnknown: boolean): void {
    this.#reader = undefined;
    this.#glance = undefined;
    this.#isUnknown = isUnknown;
  }

  /** Counts what is held; when all flows hold too much, this one is no longer read. */
  #count(): void {
    const { memory } = this.#host;
    const now = this.#reader?.held() ?? this.#glance?.length ?? 0;
    memory.used += now - this.#held;
    this.#held = now;
    if (now === 0 || memory.used <= memory.limit) return;
    this.#reader?.end();
    this.#pass(false);
    memory.used -= now;
    this.#held = 0;
    this.#host.dropped();
  }

  #read(reader: StreamReader, side: Side, bytes: Uint8Array, start: number, end: number): void {
    reader.data(side, bytes, start, end);
    this.#applyStep();
  }

  #applyStep(): void {
    if (this.#step === undefined) return;
    if (this.#step === "restart") this.#reader?.end();
    const isRestart = this.#step === "restart";
    this.#pass(false);
    if (isRestart) this.#glance = noGlance();
    this.#step = undefined;
  }

  #begin(protocol: StreamProtocol): StreamReader {
    this.#context ??= this.#host.context(this.#owner, this);
    const reader = protocol.open(this.#context);
    this.#pass(false);
    this.#reader = reader;
    return reader;
  }

  /** Looks at bytes to find the protocol; they are kept until it is found. */
  #look(glance: Glance, side: Side, bytes: Uint8Array): void {
    const { pieces, heads } = glance;
    pieces.push({ side, bytes, missing: 0 });
    glance.length += bytes.length;
    if (heads[side].length < GLANCE) heads[side] = joined(heads[side], bytes);
    this.#decide(glance);
  }

  #decide({ pieces, heads }: Glance): void {
    const first = { heads, ports: this.#ports };
    let isOpen = false;
    for (const protocol of this.#protocols) {
      const told = protocol.tells(first);
      if (told === undefined) isOpen = true;
      if (told !== true) continue;
      this.#begin(protocol);
      for (const { side, bytes, missing } of pieces) {
        if (this.#reader === undefined) return;
        if (missing > 0) this.#reader.gap(side, missing);
        else this.#read(this.#reader, side, bytes, 0, bytes.length);
      }
      return;
    }
    const length = heads[0].length + heads[1].length;
    if (!isOpen || length >= GLANCE || pieces.length >= PIECES) this.#pass(true);
  }
}

/** Notes missing bytes. Those that follow one another are one piece: of packets whose payload was not kept nothing else comes. */
function missing(pieces: Piece[], side: Side, length: number): void {
  const last = pieces.at(-1);
  if (last?.missing !== undefined && last.missing > 0 && last.side === side)
    pieces[pieces.length - 1] = { side, bytes: EMPTY, missing: last.missing + length };
  else pieces.push({ side, bytes: EMPTY, missing: length });
}

function noGlance(): Glance {
  return { pieces: [], heads: [EMPTY, EMPTY], length: 0 };
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

import type { Conversation } from "../reassembly/conversation.ts";
import { otherSide, type Seen, type Side } from "../reassembly/segment.ts";
import { frame, handsOver } from "./framing.ts";
import { HttpSide } from "./http-side.ts";
import type { HttpExchange, HttpMessage, Range } from "./message.ts";
import { readStartLine } from "./start-line.ts";

/** The HTTP/1 of a conversation. */
export type HttpConversation = {
  /** In the order of the requests, and of responses whose request was not captured: the first of them, when there are very many. */
  readonly exchanges: readonly HttpExchange[];
  /** How many exchanges there are. */
  readonly total: number;
  /** Where another protocol begins on each side, behind CONNECT or an upgrade. */
  readonly other: readonly [number | undefined, number | undefined];
  /** What was passed over on each side: it is of no message, or bytes are missing that say what it is. */
  readonly skipped: readonly [readonly Range[], readonly Range[]];
};

/** Most exchanges of a conversation that are kept; those behind them are counted. */
const EXCHANGE_LIMIT = 100_000;
/** Requests behind the limit whose responses are waited for: a response to HEAD has no body, so what was asked must be known. */
const WAITING_LIMIT = 1_000;

/** How much of a side is looked at to see whether it is HTTP. */
const GLANCE = 4_096;

/** Tells whether a side begins with a message of HTTP/1, as far as its first bytes tell. */
export function looksLikeHttp(conversation: Conversation): boolean {
  return ([0, 1] as const).some((side) => {
    const first = conversation.chunks.find((chunk) => chunk.side === side && chunk.kind === "bytes");
    if (first?.kind !== "bytes") return false;
    const [line = ""] = Buffer.from(first.bytes.subarray(0, GLANCE))
      .toString("latin1")
      .trimStart()
      .split(/\r?\n/, 1);
    return readStartLine(line) !== undefined;
  });
}

/** Reads the requests and responses of a conversation and pairs them. Nothing is copied but heads. */
export function readHttp(conversation: Conversation): HttpConversation {
  const reader = new HttpReader();
  const ends: [number, number] = [0, 0];
  let seen: Seen = { micros: 0, nanos: 0, packet: 0 };
  for (const chunk of conversation.chunks) {
    if (chunk.kind === "reset") continue;
    seen = chunk;
    if (chunk.kind === "gap") reader.gap(chunk.side, chunk.position, chunk.length, chunk);
    else reader.data(chunk.side, chunk.bytes, chunk.position, chunk);
    ends[chunk.side] = chunk.position + (chunk.kind === "gap" ? chunk.length : chunk.bytes.length);
  }
  for (const side of [0, 1] as const) reader.end(side, ends[side], seen, conversation.totals[side].ends);
  return reader.result();
}

/** Reads HTTP/1 while it comes: give it what both sides say in the order in which they say it. */
class HttpReader {
  readonly #exchanges: HttpExchange[] = [];
  /** Those behind the limit that have no final response yet, by their numbers. */
  readonly #waiting = new Map<number, HttpExchange>();
  #total = 0;
  readonly #sides: readonly [HttpSide, HttpSide];
  /** Where the streams are, and the first exchange that has no final response yet. */
  readonly #positions: [number, number] = [0, 0];
  #open = 0;

  constructor() {
    const events = {
      head: (message: HttpMessage) => this.#head(message),
      lost: (side: Side) => this.#lost(side),
    };
    this.#sides = [new HttpSide(0, events), new HttpSide(1, events)];
  }

  data(side: Side, bytes: Uint8Array, position: number, seen: Seen): void {
    this.#positions[side] = position;
    const asked = this.#at(this.#open)?.request;
    if (asked?.version === "0.9" && asked.side !== side && !isHttp(bytes))
      this.#sides[side].beginHeadless(position, seen);
    this.#sides[side].data(bytes, position, seen);
    this.#positions[side] = position + bytes.length;
  }

  gap(side: Side, position: number, length: number, seen: Seen): void {
    this.#sides[side].gap(position, length, seen);
    this.#positions[side] = position + length;
  }

  /** @param isWhole whether the side ended its stream itself (FIN) */
  end(side: Side, position: number, seen: Seen, isWhole: boolean): void {
    this.#sides[side].end(position, seen, isWhole);
  }

  result(): HttpConversation {
    const [one, other] = this.#sides;
    return {
      exchanges: this.#exchanges,
      total: this.#total,
      other: [one.other, other.other],
      skipped: [one.skipped, other.skipped],
    };
  }

  #head(message: HttpMessage): void {
    if (message.kind === "request") {
      frame(message, undefined);
      this.#begin(message);
      return;
    }
    // A request that is waited for no more has an exchange nobody keeps.
    const exchange =
      this.#open < this.#total ? (this.#at(this.#open) ?? exchangeOf(undefined)) : this.#begin(undefined);
    frame(message, exchange.request);
    if (message.status >= 100 && message.status < 200 && message.status !== 101)
      exchange.interim.push(message);
    else {
      exchange.response = message;
      this.#waiting.delete(this.#open);
      this.#open++;
    }
    if (!handsOver(message, exchange.request)) return;
    const requests = otherSide(message.side);
    this.#sides[message.side].handOver(message.bodyStart);
    this.#sides[requests].handOver(this.#positions[requests]);
  }

  /** Responses may be among the lost bytes, so those that come later answer later requests. */
  #lost(side: Side): void {
    const pending = this.#at(this.#open)?.request;
    if (pending === undefined || pending.side === side) return;
    this.#open = this.#total;
    this.#waiting.clear();
  }

  #at(number: number): HttpExchange | undefined {
    return this.#exchanges[number] ?? this.#waiting.get(number);
  }

  /** Begins an exchange with its request, or without one that was not captured. */
  #begin(request: HttpMessage | undefined): HttpExchange {
    const exchange = exchangeOf(request);
    const number = this.#total++;
    if (number < EXCHANGE_LIMIT) this.#exchanges.push(exchange);
    else {
      this.#waiting.set(number, exchange);
      if (this.#waiting.size > WAITING_LIMIT) this.#waiting.delete(number - WAITING_LIMIT);
    }
    return exchange;
  }
}

function exchangeOf(request: HttpMessage | undefined): HttpExchange {
  return { request, response: undefined, interim: [] };
}

function isHttp(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 5)).toString("latin1") === "HTTP/";
}

/** What the flags and sequence numbers of one side of a TCP connection tell, and how the connection went (Zeek's `conn_state`). */
import { TCP } from "../reassembly/segment.ts";

/** How far a side is. `partial`: it spoke without a handshake being seen. */
type TcpState = "inactive" | "syn" | "partial" | "established" | "closed" | "reset";

export type TcpSide = {
  state: TcpState;
  /** Whether `first` and `next` are known. */
  isOpen: boolean;
  /** The number of its SYN; -1 before one was seen. */
  syn: number;
  /** The number of its first byte of payload, the one behind the highest that was seen, and how often that passed 2^32. */
  first: number;
  next: number;
  length: number;
  isFinished: boolean;
};

export function openTcpSide(): TcpSide {
  return { state: "inactive", isOpen: false, syn: -1, first: 0, next: 0, length: 0, isFinished: false };
}

/**
 * Takes in the flags and numbers of a segment.
 *
 * @param wire bytes of payload on the wire
 * @returns whether it brought payload again that was there before
 */
export function follow(
  mine: TcpSide,
  other: TcpSide,
  flags: number,
  sequence: number,
  wire: number,
): boolean {
  const begin = flags & TCP.syn ? (sequence + 1) >>> 0 : sequence;
  if (flags & TCP.syn && mine.syn < 0) mine.syn = sequence;
  const isRepeated = mine.isOpen && wire > 0 && ((begin - mine.next) | 0) < 0;
  advance(mine, begin, wire, (flags & TCP.reset) !== 0);
  if (flags & TCP.reset) {
    mine.state = "reset";
    return isRepeated;
  }
  if (mine.state === "reset") return isRepeated;
  if (flags & TCP.syn) open(mine, other, flags);
  else if (mine.state === "inactive") mine.state = "partial";
  if (flags & TCP.fin) {
    mine.isFinished = true;
    mine.state = "closed";
  }
  return isRepeated;
}

/** Counts payload by numbers, so that what was lost counts and what came twice does not. */
function advance(mine: TcpSide, begin: number, wire: number, isReset: boolean): void {
  // The number of a reset need not be one of the stream, and behind a FIN is nothing.
  if ((isReset && wire === 0) || mine.isFinished) return;
  if (!mine.isOpen) {
    mine.isOpen = true;
    mine.first = begin;
    mine.next = begin;
  }
  const end = (begin + wire) >>> 0;
  const step = (end - mine.next) | 0;
  if (step <= 0) return;
  mine.next = end;
  mine.length += step;
}

function open(mine: TcpSide, other: TcpSide, flags: number): void {
  if (mine.state !== "inactive") return;
  if (flags & TCP.ack && other.state === "syn") {
    mine.state = "established";
    other.state = "established";
  } else mine.state = "syn";
}

/** How a connection went, as Zeek says it: https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html. */
export function tcpConnState(origin: TcpSide, responder: TcpSide): string {
  const isSilent = ({ state }: TcpSide): boolean => state === "inactive" || state === "partial";
  if (responder.state === "reset") {
    const isRefused =
      origin.state === "syn" || (origin.state === "reset" && origin.length === 0 && responder.length === 0);
    if (isRefused) return "REJ";
    return isSilent(origin) ? "RSTRH" : "RSTR";
  }
  if (origin.state === "reset") return isSilent(responder) ? "RSTOS0" : "RSTO";
  if (origin.state === "closed" && responder.state === "closed") return "SF";
  if (origin.state === "closed") return isSilent(responder) ? "SH" : "S2";
  if (responder.state === "closed") return isSilent(origin) ? "SHR" : "S3";
  if (origin.state === "syn" && responder.state === "inactive") return "S0";
  return origin.state === "established" && responder.state === "established" ? "S1" : "OTH";
}

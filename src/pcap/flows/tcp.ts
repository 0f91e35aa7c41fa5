import { read16, read32 } from "../decode/bytes.ts";
import type { Layers } from "../layers.ts";
import type { Packets } from "../packets.ts";
import { type Side, TCP } from "../reassembly/segment.ts";
import type { Connection } from "./connection.ts";
import { LETTER, note } from "./history.ts";
import type { Stream } from "./stream.ts";
import { follow } from "./tcp-side.ts";

/**
 * Takes in a segment whose header was captured.
 *
 * @param open opens the streams when the first payload comes, given the numbers of both SYNs
 */
export function takeSegment(
  connection: Connection,
  side: Side,
  packets: Packets,
  layers: Layers,
  row: number,
  open: (connection: Connection, origin: number, responder: number) => Stream<Connection>,
): void {
  const mine = connection.sides[side].tcp;
  const other = connection.sides[side === 0 ? 1 : 0].tcp;
  if (mine === undefined || other === undefined) return;
  const { bytes } = packets;
  const at = layers.transport[row]!;
  const sequence = read32(bytes, at + 4);
  const acknowledgement = read32(bytes, at + 8);
  const flags = bytes[at + 13]!;
  const start = layers.payload[row]!;
  const length = layers.payloadLength[row]!;
  const wire = Math.max(length, layers.payloadWire[row]!);
  const isRepeated = follow(mine, other, flags, sequence, wire);
  writeHistory(connection, side, flags, wire, read16(bytes, at + 14), isRepeated);
  if (wire > 0 && connection.stream === undefined)
    connection.stream =
      side === 0 ? open(connection, mine.syn, other.syn) : open(connection, other.syn, mine.syn);
  connection.stream?.flow.push(side, sequence, acknowledgement, flags, bytes, start, start + length, wire);
}

function writeHistory(
  connection: Connection,
  side: Side,
  flags: number,
  wire: number,
  window: number,
  isRepeated: boolean,
): void {
  if (flags & TCP.syn) note(connection, side, flags & TCP.ack ? LETTER.synAck : LETTER.syn);
  else if (flags & TCP.ack && wire === 0 && !(flags & (TCP.fin | TCP.reset)))
    note(connection, side, LETTER.ack);
  if (isRepeated) note(connection, side, LETTER.repeated);
  if (wire > 0 && !(flags & TCP.reset)) note(connection, side, LETTER.data);
  if (window === 0 && !(flags & (TCP.reset | TCP.syn))) note(connection, side, LETTER.zeroWindow);
  if (flags & TCP.fin) note(connection, side, LETTER.fin);
  if (flags & TCP.reset) note(connection, side, LETTER.reset);
}

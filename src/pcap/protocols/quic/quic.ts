/**
 * QUIC (RFC 9000), as Zeek's quic.log and ssl.log tell it: the hellos of both sides, which are in packets that anybody can read. What comes
 * behind them is encrypted.
 */
import type { Side } from "../../reassembly/segment.ts";
import type { DatagramProtocol, FlowContext } from "../protocol.ts";
import { hexOf, textOf } from "../text.ts";
import { type ClientHello, readClientHello, readServerHello, type ServerHello } from "../tls/hello.ts";
import { helloFields } from "../tls/hello-fields.ts";
import { cryptoStream } from "./crypto-stream.ts";
import { type LongPacket, type Opener, openersOf, readLongPacket } from "./initial.ts";

const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
/** Packets of a flow that are opened: a hello has a few. */
const MOST_OPENED = 40;

export const quic: DatagramProtocol = {
  // Early data may overtake the Initial.
  tells: (bytes, start, end) => readLongPacket(bytes, start, end) !== undefined,
  open: openQuic,
};

function openQuic(flow: FlowContext) {
  const began = flow.now();
  const streams = [cryptoStream(), cryptoStream()] as const;
  let first: LongPacket | undefined;
  let serverId: Uint8Array | undefined;
  let openers: readonly [Opener, Opener] | undefined;
  let opened = 0;
  let client: ClientHello | undefined;
  let server: ServerHello | undefined;
  let isWritten = false;

  const write = () => {
    if (isWritten || first === undefined) return;
    isWritten = true;
    const [protocol] = client?.protocols ?? [];
    flow.speaks("quic");
    flow.write("quic", began, {
      version: first.version.name,
      client_initial_dcid: whole(first.destination),
      client_scid: whole(first.source),
      server_scid: serverId && whole(serverId),
      server_name: client?.serverName,
      client_protocol: protocol && textOf(protocol, 0, protocol.length),
    });
    if (client === undefined && server === undefined) return;
    flow.speaks("ssl");
    flow.write("ssl", began, {
      ...helloFields(client, server, "q"),
      resumed: server?.isPreShared,
    });
  };

  const takeInitial = (side: Side, packet: LongPacket, bytes: Uint8Array) => {
    if (side === 0) first ??= packet;
    else serverId ??= packet.source;
    // The keys of both are made of what the client calls the server at first, or again behind a Retry.
    if (side === 0) openers ??= openersOf(packet.version, packet.destination);
    if (openers === undefined || opened++ >= MOST_OPENED) return;
    const frames = openers[side](packet, bytes);
    if (frames === undefined) return;
    streams[side].take(frames);
    const body = streams[side].message(side === 0 ? CLIENT_HELLO : SERVER_HELLO);
    if (body === undefined) return;
    if (side === 0) client ??= readClientHello(body);
    else server ??= readServerHello(body);
  };

  return {
    data(side: Side, bytes: Uint8Array, start: number, end: number) {
      // Several packets may be in a datagram.
      for (let at = start; at < end; ) {
        const packet = readLongPacket(bytes, at, end);
        if (packet === undefined) break;
        at = packet.end;
        if (packet.kind === "initial") takeInitial(side, packet, bytes);
        else if (packet.kind === "retry" && side === 1) openers = undefined;
      }
      if ((client !== undefined && server !== undefined) || opened >= MOST_OPENED) {
        write();
        flow.finish();
      }
    },
    end: write,
  };
}

const whole = (identifier: Uint8Array): string => hexOf(identifier, 0, identifier.length);

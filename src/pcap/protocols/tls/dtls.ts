/**
 * DTLS (RFC 6347, RFC 9147), as Zeek's ssl.log tells it: the hellos of both sides, put together of their fragments. Certificates, which DTLS
 * before 1.3 sends in the clear too, are not read.
 */
import type { Side } from "../../reassembly/segment.ts";
import { Cursor } from "../cursor.ts";
import type { DatagramProtocol, FlowContext } from "../protocol.ts";
import { type ClientHello, readClientHello, readServerHello, type ServerHello } from "./hello.ts";
import { helloFields } from "./hello-fields.ts";

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const RECORD_HEADER = 13;
const MESSAGE_HEADER = 12;
/** A hello is far shorter. */
const LONGEST = 16_384;
/** Datagrams that are looked at: hellos are the first, some of them twice. */
const MOST_DATAGRAMS = 40;

export const dtls: DatagramProtocol = {
  tells(bytes, start, end) {
    const record = recordAt(bytes, start, end);
    if (record?.type !== HANDSHAKE || record.epoch !== 0 || record.body.left < MESSAGE_HEADER) return false;
    const type = record.body.u8();
    return type === CLIENT_HELLO || type === SERVER_HELLO;
  },
  open: openDtls,
};

type DtlsRecord = { readonly type: number; readonly epoch: number; readonly body: Cursor };

/** The record at a place: DTLS 1.0 and 1.2, as which those of 1.3 begin too; undefined where there is none, or a cut one. */
function recordAt(bytes: Uint8Array, start: number, end: number): DtlsRecord | undefined {
  if (end - start < RECORD_HEADER) return undefined;
  const cursor = new Cursor(bytes, start, end);
  const type = cursor.u8();
  const version = cursor.u16();
  if (type < 20 || type > 25 || (version !== 0xfeff && version !== 0xfefd)) return undefined;
  const epoch = cursor.u16();
  cursor.skip(6);
  const body = cursor.part(cursor.u16());
  return cursor.isBeyond ? undefined : { type, epoch, body };
}

/** A hello whose fragments have not all come. */
type Begun = {
  readonly type: number;
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly there: Uint8Array;
  left: number;
};

function openDtls(flow: FlowContext) {
  const began = flow.now();
  const begun: [Begun | undefined, Begun | undefined] = [undefined, undefined];
  let datagrams = 0;
  let client: ClientHello | undefined;
  let server: ServerHello | undefined;
  let isWritten = false;

  const write = () => {
    if (isWritten || (client === undefined && server === undefined)) return;
    isWritten = true;
    flow.speaks("ssl");
    flow.write("ssl", began, {
      ...helloFields(client, server, "d"),
      next_protocol: server?.protocol,
    });
  };
  const take = (type: number, body: Cursor) => {
    // Behind a HelloVerifyRequest the client says the same again, with the cookie.
    if (type === CLIENT_HELLO) client ??= readClientHello(body, "cookie");
    else {
      const hello = readServerHello(body);
      if (hello !== undefined && !hello.isRetry) server ??= hello;
    }
  };
  const fragment = (side: Side, cursor: Cursor) => {
    const type = cursor.u8();
    const length = cursor.u24();
    const number = cursor.u16();
    const offset = cursor.u24();
    const part = cursor.part(cursor.u24());
    const isHello = (side === 0 && type === CLIENT_HELLO) || (side === 1 && type === SERVER_HELLO);
    if (cursor.isBeyond || part.isBeyond || !isHello || length > LONGEST || offset + part.left > length)
      return;
    if (part.left === length) return take(type, part);
    let whole = begun[side];
    if (whole?.number !== number || whole.bytes.length !== length)
      whole = { type, number, bytes: new Uint8Array(length), there: new Uint8Array(length), left: length };
    begun[side] = whole;
    whole.bytes.set(part.bytes.subarray(part.at, part.end), offset);
    for (let at = offset; at < offset + part.left; at++) {
      whole.left -= 1 - whole.there[at]!;
      whole.there[at] = 1;
    }
    if (whole.left > 0) return;
    begun[side] = undefined;
    take(type, new Cursor(whole.bytes, 0, length));
  };

  return {
    data(side: Side, bytes: Uint8Array, start: number, end: number) {
      // Several records may be in a datagram, and several messages in a record.
      for (let at = start; at < end; ) {
        const record = recordAt(bytes, at, end);
        if (record === undefined) break;
        at = record.body.end;
        if (record.type !== HANDSHAKE || record.epoch !== 0) continue;
        while (record.body.left >= MESSAGE_HEADER) fragment(side, record.body);
      }
      if ((client !== undefined && server !== undefined) || ++datagrams >= MOST_DATAGRAMS) {
        write();
        flow.finish();
      }
    },
    end: write,
  };
}

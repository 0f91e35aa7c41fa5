/**
 * TLS over TCP, as Zeek's ssl.log and x509.log tell it. Certificates are read up to TLS 1.2; those of TLS 1.3 are encrypted, and so is the
 * protocol that was agreed on.
 */
import type { Side } from "../../reassembly/segment.ts";
import { Cursor } from "../cursor.ts";
import type { FlowContext, StreamProtocol } from "../protocol.ts";
import { readCertificate } from "./certificate.ts";
import { type ClientHello, readClientHello, readCurve, readServerHello, type ServerHello } from "./hello.ts";
import { helloFields } from "./hello-fields.ts";
import { groupName, suiteName } from "./names.ts";
import { CONTENT, tlsRecords } from "./records.ts";
import { TLS_1_3 } from "./version.ts";

const MESSAGE = { clientHello: 1, serverHello: 2, certificate: 11, serverKeyExchange: 12 } as const;
/** Letters of Zeek's history, by the kind of message; those of the server are small. */
const LETTERS: Readonly<Record<number, string>> = {
  0: "H",
  1: "C",
  2: "S",
  3: "V",
  4: "T",
  8: "O",
  11: "X",
  12: "K",
  13: "R",
  14: "N",
  15: "Y",
  16: "G",
  20: "F",
  22: "U",
};
const MOST_LETTERS = 100;
const MOST_CERTIFICATES = 16;

/** Names of alerts (RFC 8446, 6, and the older ones of RFC 5246). */
const ALERTS = new Map<number, string>([
  [0, "close_notify"],
  [10, "unexpected_message"],
  [20, "bad_record_mac"],
  [21, "decryption_failed"],
  [22, "record_overflow"],
  [30, "decompression_failure"],
  [40, "handshake_failure"],
  [41, "no_certificate"],
  [42, "bad_certificate"],
  [43, "unsupported_certificate"],
  [44, "certificate_revoked"],
  [45, "certificate_expired"],
  [46, "certificate_unknown"],
  [47, "illegal_parameter"],
  [48, "unknown_ca"],
  [49, "access_denied"],
  [50, "decode_error"],
  [51, "decrypt_error"],
  [70, "protocol_version"],
  [71, "insufficient_security"],
  [80, "internal_error"],
  [86, "inappropriate_fallback"],
  [90, "user_canceled"],
  [100, "no_renegotiation"],
  [109, "missing_extension"],
  [110, "unsupported_extension"],
  [112, "unrecognized_name"],
  [116, "certificate_required"],
  [120, "no_application_protocol"],
]);

export const tls: StreamProtocol = {
  tells({ heads }) {
    const told = heads.map(isHandshake);
    return told.includes(true) ? true : told.every((one) => one === false) ? false : undefined;
  },
  // Many protocols have a command by which they go on in TLS.
  begins: (bytes, start, end) =>
    end - start > 40 &&
    bytes[start] === CONTENT.handshake &&
    isHandshake(bytes.subarray(start, end)) === true,
  open: openTls,
};

/** Whether bytes begin a record with a hello. */
function isHandshake(head: Uint8Array): boolean | undefined {
  if (head.length < 6) return head.length === 0 || head[0] === CONTENT.handshake ? undefined : false;
  return (
    head[0] === CONTENT.handshake &&
    head[1] === 3 &&
    head[2]! <= 4 &&
    (head[5] === MESSAGE.clientHello || head[5] === MESSAGE.serverHello)
  );
}

function openTls(flow: FlowContext) {
  const began = flow.now();
  let client: ClientHello | undefined;
  let server: ServerHello | undefined;
  let history = "";
  let curve: string | undefined;
  let lastAlert: string | undefined;
  const certificates: [string[], string[]] = [[], []];
  let hasServerCertificate = false;
  let isWritten = false;
  /** What each side sent that only a finished handshake allows. */
  const finished: [boolean, boolean] = [false, false];

  const letter = (side: Side, upper: string) => {
    if (history.length < MOST_LETTERS) history += side === 0 ? upper : upper.toLowerCase();
  };
  const isEstablished = () => server !== undefined && finished[0] && finished[1];
  const write = () => {
    if (isWritten || (client === undefined && server === undefined)) return;
    isWritten = true;
    flow.speaks("ssl");
    const isNew = server !== undefined && server.version >= TLS_1_3;
    const hello = helloFields(client, server, "t");
    flow.write("ssl", began, {
      ...hello,
      curve: curve ?? hello.curve,
      resumed:
        server !== undefined &&
        (isNew ? server.isPreShared : !hasServerCertificate && isEchoed(client, server)),
      last_alert: lastAlert,
      next_protocol: server?.protocol,
      established: isEstablished(),
      ssl_history: history,
      cert_chain_fps: certificates[1].length > 0 ? certificates[1] : undefined,
      client_cert_chain_fps: certificates[0].length > 0 ? certificates[0] : undefined,
    });
  };

  const readCertificates = (side: Side, cursor: Cursor) => {
    const list = cursor.part(cursor.u24());
    if (side === 1) hasServerCertificate = true;
    while (list.left > 3 && certificates[side].length < MOST_CERTIFICATES) {
      const { bytes, at, end } = list.part(list.u24());
      if (list.isBeyond) return;
      const { fingerprint, fields } = readCertificate(bytes.slice(at, end), side === 1);
      certificates[side].push(fingerprint);
      flow.write("x509", flow.now(), fields);
    }
  };
  const message = (side: Side, type: number, body: Cursor) => {
    const name = LETTERS[type] ?? "Z";
    letter(side, type === MESSAGE.serverHello && isRetry(body) ? "J" : name);
    if (type === MESSAGE.clientHello) client ??= readClientHello(body);
    else if (type === MESSAGE.serverHello) {
      const hello = readServerHello(body);
      if (hello !== undefined && !hello.isRetry) server ??= hello;
    } else if (type === MESSAGE.certificate) readCertificates(side, body);
    else if (
      type === MESSAGE.serverKeyExchange &&
      server !== undefined &&
      suiteName(server.suite).includes("ECDH")
    ) {
      const group = readCurve(body);
      if (group !== undefined) curve = groupName(group);
    }
  };

  const open = (side: Side) =>
    tlsRecords({
      message: (type, body) => message(side, type, body),
      changeCipher: () => letter(side, "I"),
      alert: (level, description) => {
        letter(side, "L");
        lastAlert = ALERTS.get(description) ?? `unknown-${level}-${description}`;
      },
      encrypted: (type) => {
        // Up to TLS 1.2 the first encrypted message is Finished; in 1.3 the server's first is not, but what the client answers it with.
        if (!finished[side] && type === CONTENT.data) letter(side, "D");
        // What a client sends before the server spoke is early data (RFC 8446, 2.3).
        if (server === undefined) return;
        finished[side] = true;
        if (isEstablished()) {
          write();
          flow.finish();
        }
      },
      lost: () => {
        write();
        flow.finish();
      },
    });
  const sides = [open(0), open(1)] as const;
  return {
    data: (side: Side, bytes: Uint8Array, start: number, end: number) => sides[side].data(bytes, start, end),
    gap: (side: Side, length: number) => sides[side].gap(length),
    end: write,
    held: () => sides[0].held() + sides[1].held(),
  };
}

function isRetry(body: Cursor): boolean {
  return readServerHello(new Cursor(body.bytes, body.at, body.end))?.isRetry ?? false;
}

/** Whether the server took up the session that the client named (RFC 5246, 7.4.1.3). */
function isEchoed(client: ClientHello | undefined, server: ServerHello): boolean {
  const { sessionId } = server;
  return sessionId.length > 0 && client !== undefined && Buffer.compare(client.sessionId, sessionId) === 0;
}

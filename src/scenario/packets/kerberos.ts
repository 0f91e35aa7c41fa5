/** Tickets for services, asked for over TCP (RFC 4120, 5.4 and 7.2.2), their secrets being noise. */
import { encodeText } from "../../core/text.ts";
import { big16, big32, join, noise, said } from "./content.ts";
import type { Turn } from "./talk.ts";

export type TicketRequest = {
  readonly realm: string;
  readonly client: string;
  /** As `kind/host`. */
  readonly service: string;
  readonly isGranted: boolean;
  /** The kind of encryption of the ticket: 18 is AES-256, 23 is RC4. */
  readonly encryption: number;
  readonly time: number;
  readonly seed: number;
};

const TGS_REQUEST = 12;
const TGS_ANSWER = 13;
const AP_REQUEST = 14;
const ERROR = 30;
const UNKNOWN_SERVICE = 7;
const PA_TGS_REQUEST = 1;

export function ticketTurns(request: TicketRequest): Turn[] {
  const { realm, client, service, isGranted, encryption, time, seed } = request;
  const ticket = (name: readonly string[], kind: number, length: number) =>
    application(1, [
      tagged(0, integer(5)),
      tagged(1, text(realm)),
      tagged(2, principal(2, name)),
      tagged(3, encrypted(kind, length, seed ^ 0x71)),
    ]);
  const proof = application(AP_REQUEST, [
    tagged(0, integer(5)),
    tagged(1, integer(AP_REQUEST)),
    tagged(2, bits(0)),
    tagged(3, ticket(["krbtgt", realm], 18, 940)),
    tagged(4, encrypted(18, 180, seed ^ 0x72)),
  ]);
  const asked = application(TGS_REQUEST, [
    tagged(1, integer(5)),
    tagged(2, integer(TGS_REQUEST)),
    tagged(3, sequence([sequence([tagged(1, integer(PA_TGS_REQUEST)), tagged(2, value(0x04, proof))])])),
    tagged(
      4,
      sequence([
        tagged(0, bits(0x40810000)),
        tagged(2, text(realm)),
        tagged(3, principal(2, service.split("/"))),
        tagged(5, moment(time + 36_000_000)),
        tagged(7, integer(seed & 0x7fffffff)),
        tagged(8, sequence([integer(encryption)])),
      ]),
    ),
  ]);
  const answered = isGranted
    ? application(TGS_ANSWER, [
        tagged(0, integer(5)),
        tagged(1, integer(TGS_ANSWER)),
        tagged(3, text(realm)),
        tagged(4, principal(1, [client])),
        tagged(5, ticket(service.split("/"), encryption, 890)),
        tagged(6, encrypted(18, 220, seed ^ 0x73)),
      ])
    : application(ERROR, [
        tagged(0, integer(5)),
        tagged(1, integer(ERROR)),
        tagged(4, moment(time)),
        tagged(5, integer(0)),
        tagged(6, integer(UNKNOWN_SERVICE)),
        tagged(9, text(realm)),
        tagged(10, principal(2, service.split("/"))),
      ]);
  const framed = (message: Uint8Array) => said(join(big32(message.length), message));
  return [
    { side: 0, content: framed(asked) },
    { side: 1, content: framed(answered), wait: 1 },
  ];
}

/** A value of DER (X.690): its kind, its length, itself. */
function value(kind: number, body: Uint8Array | readonly number[]): Uint8Array {
  const length = body.length < 128 ? [body.length] : [0x82, ...big16(body.length)];
  return join([kind, ...length], body);
}

const sequence = (parts: readonly Uint8Array[]) => value(0x30, join(...parts));
const tagged = (tag: number, part: Uint8Array) => value(0xa0 | tag, part);
const application = (tag: number, parts: readonly Uint8Array[]) => value(0x60 | tag, sequence(parts));
const text = (content: string) => value(0x1b, encodeText(content));
const bits = (flags: number) => value(0x03, [0, ...big32(flags)]);

/** Not negative, below 2^31. */
function integer(number: number): Uint8Array {
  const bytes = big32(number);
  while (bytes.length > 1 && bytes[0] === 0 && bytes[1]! < 128) bytes.shift();
  return value(0x02, bytes);
}

function moment(time: number): Uint8Array {
  return value(0x18, encodeText(`${new Date(time).toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`));
}

function principal(kind: number, names: readonly string[]): Uint8Array {
  return sequence([tagged(0, integer(kind)), tagged(1, sequence(names.map(text)))]);
}

function encrypted(kind: number, length: number, seed: number): Uint8Array {
  return sequence([tagged(0, integer(kind)), tagged(2, value(0x04, noise(length, seed).make()))]);
}

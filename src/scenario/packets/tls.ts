/** Handshakes of TLS 1.3 (RFC 8446) and what looks like their encrypted rest; nobody holds the keys, for there are none. */
import { encodeText } from "../../core/text.ts";
import { big16, big24, type Content, join, joined, later, noise, said } from "./content.ts";
import type { Turn } from "./talk.ts";

/** How a program greets, by which it is recognised. */
export type Greeting = {
  readonly ciphers: readonly number[];
  readonly groups: readonly number[];
  readonly signatures: readonly number[];
  readonly protocols: readonly string[];
  /** Its fingerprints (https://github.com/salesforce/ja3, https://github.com/FoxIO-LLC/ja4), which tests compute. */
  readonly ja3: string;
  readonly ja4: string;
};

export const BROWSER: Greeting = {
  ciphers: [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014],
  groups: [0x001d, 0x0017, 0x0018],
  signatures: [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
  protocols: ["h2", "http/1.1"],
  ja3: "d1ef3fc0ece6e6e2889c2a315841b323",
  ja4: "t13d1108h2_5e2a75874763_27e1a4e77d38",
};

export const IMPLANT: Greeting = {
  ciphers: [0x1301, 0x1303, 0xc02f, 0xc013, 0x0035],
  groups: [0x001d, 0x0017],
  signatures: [0x0403, 0x0401, 0x0201],
  protocols: [],
  ja3: "223faad9270ce7fdec1ee6246120c6dd",
  ja4: "t13d050700_1771ae1d6898_17748d862208",
};

const RECORD = { change: 20, handshake: 22, data: 23 } as const;
const RECORD_HEADER = 5;
const MOST_RECORD = 16_384;
/** Bytes that encryption adds to a record: the kind of content and the tag. */
const SEAL = 17;
/** What the server's side of the handshake has in encrypted form: extensions, certificates, their proof and the end. */
const SERVER_FLIGHT = 2_310;
const CLIENT_FLIGHT = 53;

/**
 * A session with one question and one answer of the given lengths in bytes, both encrypted.
 * @param seed for the bytes that are without order
 */
export function tlsTurns(
  name: string,
  greeting: Greeting,
  asked: number,
  answered: number,
  seed: number,
): Turn[] {
  const session = () => noise(32, seed ^ 0x51).make();
  return [
    {
      side: 0,
      content: later(helloLength(greeting) + name.length, () =>
        record(RECORD.handshake, clientHello(name, greeting, session(), seed)),
      ),
    },
    {
      side: 1,
      content: joined(
        later(SERVER_HELLO, () => record(RECORD.handshake, serverHello(session(), seed))),
        CHANGE,
        sealed(SERVER_FLIGHT, seed ^ 0x52),
      ),
      wait: 2,
    },
    { side: 0, content: joined(CHANGE, sealed(CLIENT_FLIGHT, seed ^ 0x53), sealed(asked, seed ^ 0x54)) },
    { side: 1, content: sealed(answered, seed ^ 0x55), wait: 15 },
  ];
}

function record(kind: number, content: Uint8Array): Uint8Array {
  return join(
    [kind, 3, kind === RECORD.handshake && content[0] === 1 ? 1 : 3],
    big16(content.length),
    content,
  );
}

/** Encrypted records for that many bytes. */
function sealed(length: number, seed: number): Content {
  const count = Math.max(1, Math.ceil(length / MOST_RECORD));
  return later(length + count * (RECORD_HEADER + SEAL), () => {
    const records = Array.from({ length: count }, (_, index) => {
      const size = Math.min(length - index * MOST_RECORD, MOST_RECORD) + SEAL;
      return record(RECORD.data, noise(size, seed + index).make());
    });
    return join(...records);
  });
}

function clientHello(name: string, greeting: Greeting, session: Uint8Array, seed: number): Uint8Array {
  const { ciphers, groups, signatures, protocols } = greeting;
  const host = encodeText(name);
  const extensions = [
    extension(0, join(big16(host.length + 3), [0], big16(host.length), host)),
    extension(10, list16(groups)),
    extension(11, [1, 0]),
    extension(13, list16(signatures)),
    ...(protocols.length === 0 ? [] : [extension(16, protocolList(protocols))]),
    extension(43, [2, 3, 4]),
    extension(45, [1, 1]),
    extension(51, join(big16(36), big16(0x001d), big16(32), noise(32, seed ^ 0x61).make())),
  ];
  return handshake(
    1,
    join([3, 3], noise(32, seed ^ 0x62).make(), [32], session, list16(ciphers), [1, 0], block16(extensions)),
  );
}

function serverHello(session: Uint8Array, seed: number): Uint8Array {
  const extensions = [
    extension(43, [3, 4]),
    extension(51, join(big16(0x001d), big16(32), noise(32, seed ^ 0x63).make())),
  ];
  return handshake(
    2,
    join([3, 3], noise(32, seed ^ 0x64).make(), [32], session, [0x13, 0x01, 0], block16(extensions)),
  );
}

const handshake = (kind: number, body: Uint8Array) => join([kind], big24(body.length), body);

const extension = (kind: number, body: Uint8Array | readonly number[]) =>
  join(big16(kind), big16(body.length), body);

function block16(parts: readonly Uint8Array[]): Uint8Array {
  const body = join(...parts);
  return join(big16(body.length), body);
}

const list16 = (numbers: readonly number[]) =>
  block16(numbers.map((number) => Uint8Array.from(big16(number))));

function protocolList(names: readonly string[]): Uint8Array {
  return block16(names.map((name) => join([name.length], encodeText(name))));
}

const NO_SESSION = new Uint8Array(32);
const CHANGE = said(record(RECORD.change, Uint8Array.of(1)));
const SERVER_HELLO = record(RECORD.handshake, serverHello(NO_SESSION, 1)).length;

/** Bytes of a ClientHello without the name of the server. */
function helloLength(greeting: Greeting): number {
  const known = helloLengths.get(greeting);
  if (known !== undefined) return known;
  const { length } = record(RECORD.handshake, clientHello("", greeting, NO_SESSION, 1));
  helloLengths.set(greeting, length);
  return length;
}

const helloLengths = new Map<Greeting, number>();

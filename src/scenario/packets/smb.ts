/** A file that is read from a share or written to it over SMB 2.1 (MS-SMB2), unencrypted. */
import { encodeText } from "../../core/text.ts";
import { type Content, join, joined, later, little16, little32, little64, noise, said } from "./content.ts";
import { ntlmMessages, wide } from "./ntlm.ts";
import type { Turn } from "./talk.ts";

export type SmbCopy = {
  readonly action: "read" | "write";
  /** As `\\server\share`. */
  readonly share: string;
  /** The file's path in it. */
  readonly name: string;
  readonly content: Content;
  readonly domain: string;
  readonly user: string;
  readonly machine: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly seed: number;
};

const COMMAND = {
  negotiate: 0,
  logOn: 1,
  logOff: 2,
  connect: 3,
  disconnect: 4,
  create: 5,
  close: 6,
  read: 8,
  write: 9,
} as const;
const HEADER = 64;
const MORE_TO_DO = 0xc0000016;
const MOST = 65_536;
const TREE = 1;
const NO_SESSION = [0, 0, 0, 0, 0, 0, 0, 0];

export function smbTurns(copy: SmbCopy): Turn[] {
  const { action, share, name, content, seed, time } = copy;
  const session = [...noise(8, seed ^ 0x91).make()];
  const file = noise(16, seed ^ 0x92).make();
  const [hello, challenge, proof] = ntlmMessages(copy.domain, copy.user, copy.machine, seed);
  const turns: Turn[] = [];
  let number = 0;
  /** A request and its answer. */
  const ask = (command: number, request: Content, answer: Content, status = 0) => {
    const tree = command >= COMMAND.disconnect ? TREE : 0;
    const isOpening = command === COMMAND.negotiate;
    for (const [side, body] of [[0, request] as const, [1, answer] as const]) {
      const facts = {
        command,
        side,
        status: side === 1 ? status : 0,
        number,
        tree: side === 1 && command === COMMAND.connect ? TREE : tree,
        session: isOpening || (side === 0 && number === 1) ? NO_SESSION : session,
      };
      const size = HEADER + body.length;
      const length = [0, (size >>> 16) & 255, (size >>> 8) & 255, size & 255];
      const head = later(4 + HEADER, () => join(length, header(facts)));
      turns.push({ side, content: joined(head, body) });
    }
    number++;
  };
  ask(COMMAND.negotiate, said(negotiation(seed)), said(negotiated(seed, time)));
  ask(COMMAND.logOn, said(logOn(hello!)), said(loggedOn(challenge!)), MORE_TO_DO);
  ask(COMMAND.logOn, said(logOn(proof!)), said(loggedOn(new Uint8Array(0))));
  ask(COMMAND.connect, said(connection(wide(share))), said(connected()));
  const isWrite = action === "write";
  const pieceOf = cutter(content);
  ask(
    COMMAND.create,
    said(opening(wide(name), isWrite)),
    said(opened(file, isWrite ? 0 : content.length, time)),
  );
  for (let from = 0; from < content.length; from += MOST) {
    const size = Math.min(MOST, content.length - from);
    const piece = pieceOf(from, size);
    if (isWrite) {
      ask(COMMAND.write, joined(said(write(file, from, size)), piece), said(written(size)));
    } else ask(COMMAND.read, said(read(file, from, size)), joined(said(answered(size)), piece));
  }
  ask(COMMAND.close, said(join(little16(24), [0, 0, 0, 0, 0, 0], file)), said(closed()));
  ask(COMMAND.disconnect, said(EMPTY), said(EMPTY));
  ask(COMMAND.logOff, said(EMPTY), said(EMPTY));
  return turns;
}

/** Cuts pieces off a content, which is kept from its first piece to its last. */
function cutter(content: Content): (from: number, size: number) => Content {
  let bytes: Uint8Array | undefined;
  return (from, size) => ({
    length: size,
    make() {
      bytes ??= content.make();
      const piece = bytes.slice(from, from + size);
      if (from + size === content.length) bytes = undefined;
      return piece;
    },
  });
}

const EMPTY = Uint8Array.from([4, 0, 0, 0]);

type Header = {
  readonly command: number;
  readonly side: 0 | 1;
  readonly status: number;
  readonly number: number;
  readonly tree: number;
  readonly session: readonly number[];
};

function header({ command, side, status, number, tree, session }: Header): Uint8Array {
  return join(
    [0xfe],
    encodeText("SMB"),
    [...little16(HEADER), ...little16(1), ...little32(status)],
    [...little16(command), ...little16(31), ...little32(side), ...little32(0), ...little64(number)],
    [...little32(0xfeff), ...little32(tree)],
    session,
    new Uint8Array(16),
  );
}

function negotiation(seed: number): Uint8Array {
  return join(
    [...little16(36), ...little16(1), ...little16(1), 0, 0, ...little32(0)],
    noise(16, seed ^ 0x93).make(),
    new Uint8Array(8),
    little16(0x0210),
  );
}

function negotiated(seed: number, time: number): Uint8Array {
  return join(
    [...little16(65), ...little16(1), ...little16(0x0210), 0, 0],
    noise(16, seed ^ 0x94).make(),
    [...little32(0), ...little32(MOST), ...little32(MOST), ...little32(MOST), ...fileTime(time)],
    new Uint8Array(8),
    [...little16(128), ...little16(0), ...little32(0)],
  );
}

function logOn(token: Uint8Array): Uint8Array {
  return join(
    [...little16(25), 0, 1, ...little32(0), ...little32(0), ...little16(88), ...little16(token.length)],
    new Uint8Array(8),
    token,
  );
}

const loggedOn = (token: Uint8Array) =>
  join([...little16(9), 0, 0, ...little16(72), ...little16(token.length)], token);

const connection = (path: Uint8Array) =>
  join([...little16(9), 0, 0, ...little16(72), ...little16(path.length)], path);

const connected = () => join([...little16(16), 1, 0], new Uint8Array(8), little32(0x001f01ff));

/** Opens a file to read it, or makes it again. */
function opening(name: Uint8Array, isWrite: boolean): Uint8Array {
  return join(
    [...little16(57), 0, 0, ...little32(2)],
    new Uint8Array(16),
    [...little32(isWrite ? 0x00120196 : 0x00120089), ...little32(0x80), ...little32(1)],
    [...little32(isWrite ? 5 : 1), ...little32(0x40), ...little16(120), ...little16(name.length)],
    new Uint8Array(8),
    name,
  );
}

function opened(file: Uint8Array, size: number, time: number): Uint8Array {
  const times = [...fileTime(time), ...fileTime(time), ...fileTime(time), ...fileTime(time)];
  return join(
    [...little16(89), 0, 0, ...little32(1), ...times, ...little64(size), ...little64(size)],
    [...little32(0x80), ...little32(0)],
    file,
    new Uint8Array(8),
  );
}

function read(file: Uint8Array, offset: number, size: number): Uint8Array {
  return join(
    [...little16(49), 80, 0, ...little32(size), ...little64(offset)],
    file,
    new Uint8Array(16),
    // At least one byte stands where the way of another channel would.
    [0],
  );
}

const answered = (size: number) => join([...little16(17), 80, 0, ...little32(size)], new Uint8Array(8));

const write = (file: Uint8Array, offset: number, size: number) =>
  join([...little16(49), ...little16(112), ...little32(size), ...little64(offset)], file, new Uint8Array(16));

const written = (size: number) => join([...little16(17), 0, 0, ...little32(size)], new Uint8Array(8));

const closed = () => join(little16(60), new Uint8Array(58));

/** Hundreds of nanoseconds since 1601 (MS-DTYP, 2.3.3), of whole milliseconds since 1970. */
function fileTime(time: number): number[] {
  return little64((Math.floor(time) + 11_644_473_600_000) * 10_000);
}

/** The beginning of SSH, which is not encrypted (RFC 4253), as Zeek's ssh.log tells it, with the fingerprints HASSH (https://github.com/salesforce/hassh). */
import { hash } from "node:crypto";
import type { Side } from "../reassembly/segment.ts";
import { Cursor } from "./cursor.ts";
import { frames } from "./frames.ts";
import { LineReader } from "./lines.ts";
import type { FlowContext, StreamProtocol } from "./protocol.ts";
import { textOf, textOfLatin1 } from "./text.ts";

const KEXINIT = 20;
const NEWKEYS = 21;
const COOKIE = 16;
const LONGEST_PACKET = 35_000;
/** Lines that a server may say before its version (RFC 4253, 4.2). */
const MOST_LINES = 50;

/** The ten lists of KEXINIT, in their order (RFC 4253, 7.1). */
type Lists = {
  readonly kex: string;
  readonly hostKey: string;
  readonly ciphers: readonly [string, string];
  readonly macs: readonly [string, string];
  readonly compressions: readonly [string, string];
};

export const ssh: StreamProtocol = {
  tells({ heads }) {
    const told = heads.map((head) => {
      const text = Buffer.from(head.subarray(0, 4)).toString("latin1");
      return text.length === 4 ? text === "SSH-" : "SSH-".startsWith(text) ? undefined : false;
    });
    return told.includes(true) ? true : told.includes(false) ? false : undefined;
  },
  open: openSsh,
};

function openSsh(flow: FlowContext) {
  const began = flow.now();
  const banners: [string | undefined, string | undefined] = [undefined, undefined];
  const lists: [Lists | undefined, Lists | undefined] = [undefined, undefined];
  const done: [boolean, boolean] = [false, false];
  let isWritten = false;

  const write = () => {
    if (isWritten || (banners[0] === undefined && banners[1] === undefined)) return;
    isWritten = true;
    flow.speaks("ssh");
    const [client, server] = lists;
    const version = versionOf(banners[1] ?? banners[0] ?? "");
    flow.write("ssh", began, {
      version,
      client: banners[0],
      server: banners[1],
      cipher_alg: agreed(client?.ciphers[0], server?.ciphers[0]),
      mac_alg: agreed(client?.macs[0], server?.macs[0]),
      compression_alg: agreed(client?.compressions[0], server?.compressions[0]),
      kex_alg: agreed(client?.kex, server?.kex),
      host_key_alg: agreed(client?.hostKey, server?.hostKey),
      hassh: client && fingerprint(client, 0),
      hasshServer: server && fingerprint(server, 1),
    });
  };
  const stop = (side: Side) => {
    done[side] = true;
    if (!done[0] || !done[1]) return;
    write();
    flow.finish();
  };

  const open = (side: Side) => {
    const lines = new LineReader(255);
    let count = 0;
    const packets = frames({
      prefix: 4,
      // A length that cannot be one: the packets are encrypted, or of another version.
      lengthOf: (word) => (word > LONGEST_PACKET ? Number.MAX_SAFE_INTEGER : word),
      longest: LONGEST_PACKET,
      frame(bytes, start, end) {
        const type = bytes[start + 1];
        if (type === KEXINIT) lists[side] ??= readLists(new Cursor(bytes, start + 2, end));
        else if (type === NEWKEYS) stop(side);
      },
    });
    return {
      data(bytes: Uint8Array, start: number, end: number) {
        let at = start;
        while (at < end && banners[side] === undefined && count < MOST_LINES) {
          at = lines.take(bytes, at, end);
          if (lines.line === undefined) continue;
          count++;
          if (lines.line.startsWith("SSH-")) banners[side] = textOfLatin1(lines.line);
        }
        if (banners[side] === undefined && count >= MOST_LINES) stop(side);
        else if (at < end && !done[side]) packets.data(bytes, at, end);
      },
      gap: () => stop(side),
      held: () => lines.held() + packets.held(),
    };
  };
  const sides = [open(0), open(1)] as const;
  return {
    data: (side: Side, bytes: Uint8Array, start: number, end: number) => sides[side].data(bytes, start, end),
    gap: (side: Side) => sides[side].gap(),
    end: write,
    held: () => sides[0].held() + sides[1].held(),
  };
}

/** 2, or 1 where that alone is spoken; 1.99 says both (RFC 4253, 5.1). */
function versionOf(banner: string): number | undefined {
  const version = /^SSH-(\d+)\.(\d+)-/.exec(banner);
  if (version === null) return undefined;
  return version[1] === "1" && version[2] === "99" ? 2 : Number(version[1]);
}

function readLists(cursor: Cursor): Lists | undefined {
  cursor.skip(COOKIE);
  const next = () => {
    const { bytes, at, end } = cursor.part(cursor.u32());
    return textOf(bytes, at, end);
  };
  const [kex, hostKey] = [next(), next()];
  const ciphers = [next(), next()] as const;
  const macs = [next(), next()] as const;
  const compressions = [next(), next()] as const;
  return cursor.isBeyond ? undefined : { kex, hostKey, ciphers, macs, compressions };
}

/** The first of the client's that the server has too (RFC 4253, 7.1). */
function agreed(client: string | undefined, server: string | undefined): string | undefined {
  if (client === undefined || server === undefined) return undefined;
  const offered = new Set(server.split(","));
  return client.split(",").find((name) => offered.has(name));
}

/** Each side is told by the algorithms for what it sends. */
function fingerprint({ kex, ciphers, macs, compressions }: Lists, direction: 0 | 1): string {
  return hash("md5", [kex, ciphers[direction], macs[direction], compressions[direction]].join(";"));
}

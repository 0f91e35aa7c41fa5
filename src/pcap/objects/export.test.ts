/** Compares what is carved out of the shared captures with what tshark exports, by hash. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { looksLikeHttp } from "../http/http.ts";
import type { Conversation } from "../reassembly/conversation.ts";
import { sharedCaptures } from "../testing/captures.ts";
import { conversationsOfBlock, hasCaptures, packetsOf } from "../testing/tcp-captures.ts";
import { objectsOfFtp } from "./ftp-objects.ts";
import { objectsOfHttp } from "./http-objects.ts";
import type { CarvedObject } from "./object.ts";
import { objectsOfSmtp } from "./smtp-objects.ts";

type Carve = (
  conversation: Conversation,
  all: readonly Conversation[],
) => Promise<CarvedObject[]> | CarvedObject[];

/** What tshark calls the protocol, the captures with it, which conversations they are, and what carves them. */
const KINDS: readonly (readonly [string, RegExp, (conversation: Conversation) => boolean, Carve])[] = [
  [
    "http",
    /^http__(?!m57|206|methods)|^irc|^pe__|^rotation|log4shell|^workshop/,
    looksLikeHttp,
    (each) => objectsOfHttp(each),
  ],
  [
    "imf",
    /^smtp(?!-one)/,
    isPort(25, 587),
    async (each) => (await objectsOfSmtp(each)).filter(({ name }) => name.endsWith(".eml")),
  ],
  ["ftp-data", /^ftp__/, isPort(21), objectsOfFtp],
];

function isPort(...ports: number[]) {
  return ({ endpoints }: Conversation) => ports.includes(endpoints[1].port);
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").slice(0, 12);

/** What tshark 4.0 exports and we do not, and why. */
const EXPLAINED: readonly (readonly [string, RegExp])[] = [
  ["it does not know the method QUERY and takes the request for a body", /^http__query-method/],
  ["it takes lines that are no messages for bodies", /^http__http-inner-transfer-encoding-ossfuzz/],
  [
    'it takes for bodies what answers lines that are no request, such as "GET" alone, and one such line',
    /^http__http_09.*(?:15f12f5f5b37|240c850f3752|7033590c585b|9877c1d0069a)/,
  ],
  [
    "it puts bytes that were sent again in other segments in twice; the stream it follows has them once",
    /SMTP\.eml$/,
  ],
];

function exported(kind: string, file: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "metron-objects-"));
  execFileSync("tshark", ["-q", "-r", file, "--export-objects", `${kind},${folder}`], { stdio: "ignore" });
  const lines = globSync("*", { cwd: folder })
    .filter((name) => statSync(join(folder, name)).size > 0)
    .map((name) => `${sha256(readFileSync(join(folder, name)))} ${statSync(join(folder, name)).size} ${name}`)
    .sort();
  rmSync(folder, { recursive: true });
  return lines;
}

test.skipIf(!hasCaptures).each(KINDS)(
  "what is carved is what tshark exports: %s",
  { timeout: 600_000 },
  async (kind, names, isOfKind, carve) => {
    const missing: string[] = [];
    let equal = 0;
    for (const file of sharedCaptures().filter((name) => names.test(basename(name)) || names.test(name))) {
      const packets = packetsOf(file);
      if (packets === undefined) continue;
      const { tcp } = conversationsOfBlock(packets);
      const ours = (await Promise.all(tcp.filter(isOfKind).map((each) => carve(each, tcp)))).flat();
      // tshark leaves out the line end before the dot of a mail, which RFC 5321 (4.1.1.4) makes a part of it.
      const shown = (object: CarvedObject) =>
        kind === "imf" ? sha256(Buffer.concat(object.pieces).subarray(0, -2)) : object.sha256.slice(0, 12);
      const hashes = ours.map(shown);
      for (const line of exported(kind, file)) {
        const at = hashes.indexOf(line.slice(0, 12));
        if (at < 0) {
          const told = `${basename(file)}: ${line}`;
          if (!EXPLAINED.some(([, pattern]) => pattern.test(told))) missing.push(told);
        } else {
          hashes.splice(at, 1);
          equal++;
        }
      }
    }
    expect(missing).toEqual([]);
    expect(equal).toBeGreaterThan(0);
  },
);

/** Compares what is carved out of the shared captures with what tshark exports, by hash. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { looksLikeHttp } from "../http/http.ts";
import type { Conversation } from "../reassembly/conversation.ts";
import { captures, conversationsOfBlock, hasCaptures, packetsOf } from "../testing/tcp-captures.ts";
import { objectsOfFtp } from "./ftp-objects.ts";
import { objectsOfHttp } from "./http-objects.ts";
import type { CarvedObject } from "./object.ts";
import { objectsOfSmb } from "./smb-objects.ts";
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
  ["smb", /^smb__|smb2|^dce-rpc|lsass/, isPort(445, 139), (each) => objectsOfSmb(each)],
];

function isPort(...ports: number[]) {
  return ({ endpoints }: Conversation) => ports.includes(endpoints[1].port);
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").slice(0, 12);

function exported(kind: string, file: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "objects-"));
  execFileSync("tshark", ["-q", "-r", file, "--export-objects", `${kind},${folder}`], { stdio: "ignore" });
  return globSync("*", { cwd: folder })
    .filter((name) => statSync(join(folder, name)).size > 0)
    .map((name) => `${sha256(readFileSync(join(folder, name)))} ${statSync(join(folder, name)).size} ${name}`)
    .sort();
}

test.skipIf(!hasCaptures).each(KINDS)(
  "what is carved is what tshark exports: %s",
  { timeout: 600_000 },
  async (kind, names, isOfKind, carve) => {
    const missing: string[] = [];
    let equal = 0;
    for (const file of captures().filter((name) => names.test(basename(name)) || names.test(name))) {
      const packets = packetsOf(file);
      if (packets === undefined) continue;
      const { tcp } = conversationsOfBlock(packets);
      const ours = (await Promise.all(tcp.filter(isOfKind).map((each) => carve(each, tcp)))).flat();
      const hashes = ours.map((object) => object.sha256.slice(0, 12));
      for (const line of exported(kind, file)) {
        const at = hashes.indexOf(line.slice(0, 12));
        if (at < 0) missing.push(`${basename(file)}: ${line}`);
        else {
          hashes.splice(at, 1);
          equal++;
        }
      }
      if (process.env.SHOW)
        for (const hash of hashes) {
          const o = ours.find((each) => each.sha256.startsWith(hash));
          console.log(
            kind,
            basename(file),
            "ours only",
            hash,
            o?.size,
            o?.name,
            o?.missing,
            o?.origin,
            o?.notes.join(),
          );
        }
    }
    if (process.env.SHOW) console.log(kind, "equal", equal);
    expect(missing).toEqual([]);
    expect(equal).toBeGreaterThan(0);
  },
);

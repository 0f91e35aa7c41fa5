/** Compares the streams of the shared captures with what tshark follows, byte by byte. */
import { execFileSync } from "node:child_process";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { sharedCaptures } from "../testing/captures.ts";
import { conversationsOfBlock, hasCaptures, packetsOf } from "../testing/tcp-captures.ts";
import type { Chunk, Conversation, Endpoint } from "./conversation.ts";
import type { Side } from "./segment.ts";

type Followed = { readonly nodes: readonly [string, string]; readonly said: readonly [string, string] };

/** The streams that tshark follows, as hex; where bytes are missing it writes so into them. */
function follow(file: string, count: number): Followed[] {
  const asked = Array.from({ length: count }, (_, stream) => ["-z", `follow,tcp,raw,${stream}`]).flat();
  const text = execFileSync("tshark", ["-q", "-r", file, ...asked], {
    encoding: "latin1",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 2 ** 30,
  });
  return text.split(/^={10,}$/m).flatMap((part) => {
    const [, one, other] = /Node 0: (\S+)\s+Node 1: (\S+)/.exec(part) ?? [];
    if (one === undefined || other === undefined || one === ":0") return [];
    const lines = part.slice(part.indexOf("Node 1:")).split("\n").slice(1);
    const said = [
      lines.filter((line) => !line.startsWith("\t")),
      lines.filter((line) => line.startsWith("\t")),
    ];
    const [first = "", second = ""] = said.map((side) => side.map((line) => line.trim()).join(""));
    return [{ nodes: [one, other] as const, said: [first, second] as const }];
  });
}

/** A side of ours in the same form. What is missing in front and at the end tshark does not tell. */
function said(conversation: Conversation, side: Side): string {
  const mine = conversation.chunks.filter((chunk) => chunk.side === side && !isUntold(chunk));
  const isBytes = (chunk: (typeof mine)[number]) => chunk.kind !== "gap";
  const from = mine.findIndex(isBytes);
  return mine
    .slice(from < 0 ? mine.length : from, mine.findLastIndex(isBytes) + 1)
    .map((chunk) => (chunk.kind === "gap" ? missing(chunk.length) : Buffer.from(chunk.bytes).toString("hex")))
    .join("");
}

const missing = (length: number) =>
  Buffer.from(`[${length} bytes missing in capture file]\0`).toString("hex");
const nameOf = ({ address, port }: Endpoint) => `${address.includes(":") ? `[${address}]` : address}:${port}`;

/**
 * The differences that there are, and why. Bytes that the snap length cut off (`cut`) tshark leaves out without a word; we tell them.
 */
const isUntold = (chunk: Chunk) => chunk.kind === "gap" && chunk.reason === "cut";

/** tshark takes a second per capture, so the short run tries each eighth; `METRON_RUNS=2` tries all. */
const chosen = (_: string, at: number) => runs(1) > 1 || at % 8 === 0;

test.skipIf(!hasCaptures)("streams are those that tshark follows", { timeout: 600_000 }, () => {
  const differences: string[] = [];
  let equal = 0;
  for (const file of sharedCaptures().filter(chosen)) {
    const packets = packetsOf(file);
    const ours = packets === undefined ? [] : conversationsOfBlock(packets).tcp;
    if (ours.length === 0) continue;
    const theirs = follow(file, ours.length + 5);
    for (const conversation of ours) {
      const names = conversation.endpoints.map(nameOf) as [string, string];
      const at = theirs.findIndex(({ nodes }) => names.includes(nodes[0]) && names.includes(nodes[1]));
      const [their] = at < 0 ? [] : theirs.splice(at, 1);
      const both = ([0, 1] as const).map((side) => said(conversation, side));
      if (their !== undefined && their.nodes[0] !== names[0]) both.reverse();
      if (their?.said[0] === both[0] && their?.said[1] === both[1]) equal++;
      else if (their !== undefined || both.join("") !== "")
        differences.push(
          `${basename(file)} ${names.join(" ")}: ${their === undefined ? "not followed" : `${both.map((hex) => hex.length / 2)} and ${their.said.map((hex) => hex.length / 2)}`}`,
        );
    }
  }
  expect(differences).toEqual([]);
  expect(equal).toBeGreaterThan(10);
});

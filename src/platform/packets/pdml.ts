import { spawn } from "node:child_process";
import { Fault } from "../../core/fault.ts";

/** PDML as the original answers it: elements as objects, their attributes as properties, `protos` and `fields` as lists. */
export type Pdml = { [name: string]: string | Pdml[] };

/** A page has ten packets; what takes longer or more is a packet made to hurt. */
const LONGEST = 20_000;
const MOST_BYTES = 32 << 20;

/**
 * The tree that tshark makes of packets (its manual, `-T pdml`).
 * @param capture a pcap or pcapng file
 * @throws Fault PROGRAM_MISSING where tshark is not installed, SEARCH_LIMIT
 */
export async function pdmlOf(capture: Uint8Array): Promise<Pdml> {
  return treeOf(await dissect(capture));
}

function dissect(capture: Uint8Array): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Of standard input it reads a capture, as the original does, but no file.
  const tshark = spawn("tshark", ["-n", "-i", "-", "-T", "pdml"], {
    stdio: ["pipe", "pipe", "ignore"],
    timeout: LONGEST,
    killSignal: "SIGKILL",
  });
  const parts: Buffer[] = [];
  let bytes = 0;
  tshark.stdout.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes > MOST_BYTES) tshark.kill("SIGKILL");
    else parts.push(part);
  });
  tshark.on("error", (error: NodeJS.ErrnoException) =>
    reject(
      error.code === "ENOENT"
        ? new Fault("PROGRAM_MISSING", "making PDML of packets: tshark is not installed on this machine")
        : error,
    ),
  );
  tshark.on("close", (code, signal) => {
    if (signal !== null)
      reject(new Fault("SEARCH_LIMIT", "making PDML of packets: tshark took too long or too much"));
    else if (code !== 0)
      reject(new Fault("INPUT_UNREADABLE", `making PDML of packets: tshark ended with ${code}`));
    else resolve(Buffer.concat(parts).toString("utf8"));
  });
  // It may end before it has read all.
  tshark.stdin.on("error", () => undefined);
  tshark.stdin.end(capture);
  return promise;
}

const TAG = /<(\/?)([a-z]+)((?:\s+[A-Za-z_:]+="[^"]*")*)\s*(\/?)>/g;
const ATTRIBUTE = /([A-Za-z_:]+)="([^"]*)"/g;
/** Under which name an element's children of a kind are listed. */
const LISTS: Readonly<Record<string, string>> = { packet: "packets", proto: "protos", field: "fields" };

/** Reads what tshark writes: elements with attributes and no text. */
function treeOf(xml: string): Pdml {
  const root: Pdml = {};
  const path: Pdml[] = [];
  for (const [, isEnd, element = "", attributes = "", isEmpty] of xml.matchAll(TAG)) {
    if (isEnd === "/") {
      path.pop();
      continue;
    }
    const parent = path.at(-1);
    const made: Pdml = parent === undefined ? root : {};
    for (const [, name = "", value = ""] of attributes.matchAll(ATTRIBUTE)) made[name] = unescaped(value);
    const list = LISTS[element];
    if (parent !== undefined && list !== undefined) {
      const others = parent[list];
      if (Array.isArray(others)) others.push(made);
      else parent[list] = [made];
    }
    if (isEmpty !== "/") path.push(made);
  }
  return root;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

import { spawn } from "node:child_process";

/** A field as tshark has it: its name, its place within the frame, and what a filter compares. */
export type PdmlField = {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly show: string;
  /** Its bytes as hex; of a field of some bits, their value. */
  readonly value: string | undefined;
};

/**
 * What tshark makes of each packet of a capture, as PDML (its manual, `-T pdml`): an element per field, each on a line of its own. What
 * tshark says of the frame itself is left out.
 */
export async function* readPdml(
  path: string,
  options: readonly string[],
): AsyncGenerator<readonly PdmlField[]> {
  const child = spawn("tshark", ["-n", "-r", path, "-T", "pdml", ...options], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let fields: PdmlField[] = [];
  let isOfFrame = false;
  let begun = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    const lines = (begun + chunk).split("\n");
    begun = lines.pop() ?? "";
    for (const line of lines) {
      const text = line.trimStart();
      if (text.startsWith("<packet>")) fields = [];
      else if (text.startsWith("</packet>")) yield fields;
      else if (text.startsWith("<proto ")) isOfFrame = /^<proto name="(?:geninfo|frame)"/.test(text);
      else if (text.startsWith("<field ") && !isOfFrame) {
        const field = fieldOf(text);
        if (field !== undefined) fields.push(field);
      }
    }
  }
}

const ATTRIBUTES = /(\w+)="([^"]*)"/g;

function fieldOf(element: string): PdmlField | undefined {
  const found = new Map(Array.from(element.matchAll(ATTRIBUTES), ([, key = "", text = ""]) => [key, text]));
  const name = found.get("name") ?? "";
  if (name === "") return undefined;
  const start = Number(found.get("pos"));
  return {
    name,
    start,
    end: start + Number(found.get("size")),
    show: plain(found.get("show") ?? ""),
    value: found.get("value"),
  };
}

const NAMES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function plain(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return decimal === undefined ? (NAMES[name] ?? whole) : String.fromCodePoint(Number(decimal));
  });
}

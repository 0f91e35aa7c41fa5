import type { Field, Layer, PacketTree } from "./node.ts";

/** Fields and depth that are read of a packet; what Wireshark says of one is bounded by it, and what it is fed is not. */
const MOST_FIELDS = 20_000;
const MOST_DEPTH = 64;

/** Layers of Wireshark's own about the file and the frame, which are no bytes of the packet. */
const ABOUT_THE_FILE = new Set(["geninfo", "frame"]);

const ELEMENT = /<(\/?)(packet|proto|field)\b((?:\s+[\w-]+="[^"]*")*)\s*(\/?)>/g;
const ATTRIBUTE = /([\w-]+)="([^"]*)"/g;

/**
 * Reads what `tshark -T pdml` says of packets (https://wiki.wireshark.org/PDML) as trees like our own, one for each packet. Bytes of pieces
 * that Wireshark put together itself count from the beginning of their piece. Anything that is not of this form is passed over.
 */
export function readPdml(text: string): readonly PacketTree[] {
  const trees: PacketTree[] = [];
  let layers: Layer[] = [];
  let notes: string[] = [];
  let open: { fields: Field[] }[] = [];
  let left = MOST_FIELDS;
  let skipped = 0;
  for (const [, closing, kind, attributes = "", single] of text.matchAll(ELEMENT)) {
    if (kind === "packet") {
      if (closing === "") {
        layers = [];
        notes = [];
        open = [];
        left = MOST_FIELDS;
        skipped = 0;
        continue;
      }
      if (skipped > 0) notes.push(`${skipped} fields are left out; ${MOST_FIELDS} are read.`);
      trees.push({ layers, notes });
      continue;
    }
    if (closing !== "") {
      open.pop();
      continue;
    }
    const inner = readElement(attributes);
    const around = open.at(-1);
    if (left-- <= 0 || open.length >= MOST_DEPTH) {
      skipped++;
      if (single === "") open.push({ fields: [] });
    } else if (around === undefined) {
      const layer: Layer = {
        name: inner.name,
        label: inner.label,
        start: inner.start,
        end: inner.end,
        fields: [],
      };
      if (!ABOUT_THE_FILE.has(inner.name)) layers.push(layer);
      if (single === "") open.push(layer);
    } else {
      around.fields.push(inner);
      if (inner.name === "_ws.malformed") layers.at(-1)!.problem = inner.label;
      if (single === "") {
        inner.fields = [];
        open.push({ fields: inner.fields });
      }
    }
  }
  return trees;
}

function readElement(attributes: string): Field {
  const said = new Map<string, string>();
  for (const [, name = "", value = ""] of attributes.matchAll(ATTRIBUTE)) said.set(name, unescaped(value));
  const start = Number(said.get("pos") ?? 0) || 0;
  const size = Number(said.get("size") ?? 0) || 0;
  const name = said.get("name") ?? "";
  const show = said.get("show") ?? "";
  const full = said.get("showname") ?? show;
  // `Label: value`, where there is a value.
  const colon = full.indexOf(": ");
  const label = colon < 0 ? full : full.slice(0, colon);
  const shown = colon < 0 ? (said.has("showname") ? show : "") : full.slice(colon + 2);
  const field: Field = { name, label: label.trim(), shown, start, end: start + size };
  if (show !== "" && name !== "") field.value = /^\d{1,15}$/.test(show) ? Number(show) : show;
  return field;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
  });
}

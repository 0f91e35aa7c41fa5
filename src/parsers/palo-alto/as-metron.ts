import { emptyMessage } from "../../core/message.ts";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import type { RecordParser } from "../parser.ts";
import { layoutOf } from "./metron-columns.ts";

const TYPE = 3;
const DOMAIN = 0;
const NO_LOG = new Rejection(
  "parser_error",
  "not a PAN-OS log: the fourth column is none of CONFIG, SYSTEM, THREAT, TRAFFIC",
);
const TOO_SHORT = new Rejection("parser_error", "fewer columns than every log of this type has");

/** Reads PAN-OS logs as the original does: all of them are of the moment they arrive. */
export function asMetron(): RecordParser {
  return {
    timeless: "arrival",
    parseRecord: (record) => {
      const text = decodeText(record, 0, record.length);
      const cells = splitCells(text);
      const layout = cells.length > TYPE ? layoutOf(cells[TYPE] as string, cells.length) : undefined;
      if (layout === undefined) return NO_LOG;
      if (cells.length < layout.columns.length) return TOO_SHORT;
      const message = emptyMessage();
      message.original_string = text;
      for (const [index, name] of layout.columns.entries()) {
        const cell = cells[index];
        if (name === "-" || cell === undefined || cell === "" || cell === '""') continue;
        message[name] = index === DOMAIN ? cell : unquote(cell);
      }
      message.parser_version = layout.version;
      if (layout.version === 0) message.tokens_seen = cells.length;
      const host = typeof message.url === "string" ? hostOf(message.url) : undefined;
      if (host !== undefined) message.host = host;
      return message;
    },
  };
}

/** Splits at commas that are outside double quotes. */
function splitCells(text: string): string[] {
  const cells: string[] = [];
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 34) quoted = !quoted;
    else if (char === 44 && !quoted) {
      cells.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  cells.push(text.slice(from).trim());
  return cells;
}

function unquote(cell: string): string {
  return cell.startsWith('"') && cell.endsWith('"') && cell.length > 1 ? cell.slice(1, -1) : cell;
}

/** The host as it is written, of URLs of a protocol that Java knows: the web's reader would change its case. */
export function hostOf(url: string): string | undefined {
  const host = /^\s*(?:https?|ftp|file|jar):\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)/i.exec(url)?.[1];
  return host === "" ? undefined : host;
}

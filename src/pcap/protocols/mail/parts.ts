/**
 * The parts of a mail (RFC 2045, 2046) while it comes, each as a file with its transfer encoding taken off, texts and attachments alike, byte for
 * byte. Only a line is kept of them.
 */
import { fileNameOf } from "../../objects/disposition.ts";
import type { Piece } from "./pieces.ts";

/** What takes the bytes of a part. */
export type PartFile = {
  data(bytes: Uint8Array, start: number, end: number): void;
  gap(length: number): void;
  end(): void;
};

export type MailParts = {
  /** A line of the mail, headers included, or a piece of one. */
  piece(piece: Piece): void;
  /** Bytes of the mail are missing here. */
  gap(length: number): void;
  /** The mail is over, and its last part ends. */
  end(): void;
  held(): number;
};

/** Parts in parts, and bytes of headers of a part, that are read; what is deeper is one file. */
const DEEPEST = 10;
const HEADERS_LIMIT = 8_192;

type Encoding = "base64" | "quoted-printable" | "none";

/** A part that is a file, what of it waits for the characters behind, and the end of a line that belongs to it if another follows. */
type Leaf = { readonly file: PartFile; readonly encoding: Encoding; waiting: string; ending: string };

/** @param open opens what takes a part, with the name that the mail gives it */
export function mailParts(open: (filename: string | undefined) => PartFile): MailParts {
  /** The boundaries of the parts that are open, the outermost first. */
  const boundaries: string[] = [];
  let state: "headers" | "leaf" | "between" = "headers";
  let headers = "";
  let leaf: Leaf | undefined;

  const close = () => {
    if (leaf === undefined) return;
    // What is left is no whole group or escape: as it is, it is all there is.
    take(leaf, leaf.waiting, true);
    leaf.file.end();
    leaf = undefined;
  };
  const begin = () => {
    state = "headers";
    headers = "";
  };
  const headEnds = () => {
    const type = headerIn(headers, "content-type") ?? "";
    const encoding = encodingOf(headerIn(headers, "content-transfer-encoding"));
    const boundary = boundaryOf(type);
    if (boundary !== undefined && boundaries.length < DEEPEST) {
      boundaries.push(boundary);
      state = "between";
      return;
    }
    if (/^message\/rfc822\b/i.test(type) && encoding === "none") return begin();
    const filename =
      fileNameOf(headerIn(headers, "content-disposition") ?? "") ??
      fileNameOf(type.replace(/;\s*name(\*?)\s*=/i, ";filename$1="));
    state = "leaf";
    leaf = { file: open(filename), encoding, waiting: "", ending: "" };
  };
  /** Whether a line is a boundary of an open part. */
  const isBoundary = (text: string): boolean => {
    if (!text.startsWith("--")) return false;
    const line = text.trimEnd();
    const at = boundaries.findLastIndex((boundary) => line === `--${boundary}` || line === `--${boundary}--`);
    if (at < 0) return false;
    close();
    const isLast = line !== `--${boundaries[at]}`;
    boundaries.length = isLast ? at : at + 1;
    if (isLast) state = "between";
    else begin();
    return true;
  };

  return {
    piece({ text, ending, isStart }) {
      if (isStart && isBoundary(text)) return;
      if (state === "leaf" && leaf !== undefined) {
        if (leaf.encoding === "none") {
          // The end of the line before a boundary belongs to the boundary.
          write(leaf.file, leaf.ending + text);
          leaf.ending = ending;
        } else take(leaf, leaf.waiting + text + ending, false);
      } else if (state === "headers" && isStart && text === "") headEnds();
      else if (state === "headers" && headers.length < HEADERS_LIMIT) headers += text + ending;
    },
    gap: (length) => leaf?.file.gap(length),
    end: close,
    held: () => headers.length + (leaf?.waiting.length ?? 0),
  };
}

/** Takes the encoding off characters, and keeps those that need others behind them. */
function take(leaf: Leaf, text: string, isEnd: boolean): void {
  leaf.waiting = "";
  if (leaf.encoding === "base64") {
    const digits = text.replace(/[^A-Za-z0-9+/=]/g, "");
    const whole = isEnd ? digits.length : digits.length - (digits.length % 4);
    leaf.waiting = digits.slice(whole);
    const bytes = Buffer.from(digits.slice(0, whole), "base64");
    leaf.file.data(bytes, 0, bytes.length);
  } else if (leaf.encoding === "quoted-printable") {
    // An escape may go on, and the end of the last line belongs to the boundary.
    const line = endOfText(text);
    const unsure = isEnd || line < text.length ? -1 : text.indexOf("=", text.length - 2);
    const kept = unsure < 0 ? line : unsure;
    leaf.waiting = isEnd ? "" : text.slice(kept);
    write(leaf.file, unquoted(text.slice(0, kept)));
  }
}

/** Where the end of a line begins that a text ends with: the blanks before it are none, and with an escape it is no end. */
function endOfText(text: string): number {
  let at = text.length;
  if (text[at - 1] !== "\n") return at;
  at--;
  if (text[at - 1] === "\r") at--;
  while (text[at - 1] === " " || text[at - 1] === "\t") at--;
  return text[at - 1] === "=" ? at - 1 : at;
}

/** RFC 2045, 6.7: soft ends of lines are nothing, blanks before an end are nothing, escapes are bytes. */
function unquoted(text: string): string {
  return text
    .replace(/=[ \t]{0,20}\r?\n/g, "")
    .replace(/[ \t]{1,20}(?=\r?\n)/g, "")
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function write(file: PartFile, text: string): void {
  const bytes = Buffer.from(text, "latin1");
  file.data(bytes, 0, bytes.length);
}

/** The value of a header, its folded lines as one. */
function headerIn(headers: string, name: string): string | undefined {
  let found: string | undefined;
  for (const line of headers.split(/\r?\n/)) {
    if (/^[ \t]/.test(line)) {
      if (found !== undefined) found += ` ${line.trim()}`;
    } else if (found !== undefined) return found;
    else if (line.slice(0, name.length + 1).toLowerCase() === `${name}:`)
      found = line.slice(name.length + 1).trim();
  }
  return found;
}

function encodingOf(value: string | undefined): Encoding {
  const name = value?.trim().toLowerCase();
  return name === "base64" || name === "quoted-printable" ? name : "none";
}

/** The boundary that a multipart type names. */
function boundaryOf(type: string): string | undefined {
  if (!/^multipart\//i.test(type)) return undefined;
  const [, quoted, token] = /;\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(type) ?? [];
  return quoted ?? token;
}

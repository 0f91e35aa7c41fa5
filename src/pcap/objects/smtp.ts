/** Reads the mails of an SMTP conversation (RFC 5321; BDAT: RFC 3030). */
import type { Conversation } from "../reassembly/conversation.ts";
import type { Seen, Side } from "../reassembly/segment.ts";

/** A mail as it was handed over. */
export type Mail = {
  readonly side: Side;
  readonly from: string;
  readonly to: readonly string[];
  readonly pieces: Uint8Array[];
  length: number;
  readonly holes: { start: number; end: number }[];
  readonly start: number;
  end: number;
  readonly seen: Seen;
  /** Whether its end was seen, and all of it is there. */
  isComplete: boolean;
  isCut: boolean;
  readonly notes: string[];
};

export type SmtpConversation = {
  /** The first of them, and how many more there are. */
  readonly mails: readonly Mail[];
  readonly more: number;
  /** Where the conversation became encrypted (STARTTLS), in the stream of the client. */
  readonly encryptedFrom: number | undefined;
};

/** What the client says next: commands, a mail up to a dot, a counted part of one, or what nobody can read. */
type State = "command" | "data" | "chunk" | "encrypted";

const LINE_LIMIT = 16_384;
const MAIL_LIMIT = 10_000;
const RECIPIENT_LIMIT = 1_000;
const FEED = 10;
const RETURN = 13;
const DOT = 46;

/** Reads the mails that side 0 hands to side 1; one side alone is enough. `bytes` bounds what a mail may take. */
export function readSmtp(conversation: Conversation, bytes: number): SmtpConversation {
  const mails: Mail[] = [];
  let more = 0;
  const now: { state: State } = { state: "command" };
  let line = "";
  let lineStart = 0;
  let from = "";
  let to: string[] = [];
  let recipients = 0;
  let mail: Mail | undefined;
  /** Bytes of a BDAT that are still to come, and whether it is the last. */
  let remaining = 0;
  let isLast = false;
  /** What the server answered last, since the client spoke. */
  let reply = "";
  let awaited: "DATA" | "STARTTLS" | undefined;
  let encryptedFrom: number | undefined;
  /** Whether the last byte of the mail ended a line, so that a dot is the first of one. */
  let atLineStart = true;

  const begin = (position: number, seen: Seen) => {
    atLineStart = true;
    const begun: Mail = {
      side: 0,
      from,
      to,
      pieces: [],
      length: 0,
      holes: [],
      start: position,
      end: position,
      seen,
      isComplete: false,
      isCut: false,
      notes:
        recipients > to.length ? [`only the first ${to.length} of ${recipients} recipients are told`] : [],
    };
    if (mails.length >= MAIL_LIMIT) {
      more++;
      return undefined;
    }
    mails.push(begun);
    return begun;
  };
  const add = (piece: Uint8Array) => {
    if (mail === undefined || piece.length === 0) return;
    const room = bytes - mail.length;
    if (piece.length > room && !mail.isCut) mail.notes.push(`cut at ${bytes} bytes`);
    mail.isCut ||= piece.length > room;
    if (room > 0) mail.pieces.push(piece.subarray(0, room));
    mail.length += piece.length;
  };
  const finish = (position: number, isComplete: boolean) => {
    if (mail !== undefined) {
      mail.end = position;
      mail.isComplete = isComplete && !mail.isCut;
    }
    mail = undefined;
    now.state = "command";
  };
  const command = (text: string, seen: Seen, behind: number) => {
    const [verb = "", ...rest] = text.trim().split(/\s+/);
    switch (verb.toUpperCase()) {
      case "MAIL":
        from = pathOf(text);
        to = [];
        recipients = 0;
        break;
      case "RCPT":
        recipients++;
        if (to.length < RECIPIENT_LIMIT) to.push(pathOf(text));
        break;
      case "RSET":
        finish(behind, false);
        break;
      case "DATA":
        awaited = "DATA";
        break;
      case "STARTTLS":
        awaited = "STARTTLS";
        break;
      case "BDAT":
        if (!/^\d{1,15}$/.test(rest[0] ?? "")) break;
        remaining = Number(rest[0]);
        isLast = rest[1]?.toUpperCase() === "LAST";
        mail ??= begin(behind, seen);
        now.state = "chunk";
        if (remaining === 0) chunkEnds(behind);
        break;
      default:
    }
  };
  const chunkEnds = (position: number) => {
    now.state = "command";
    if (isLast) finish(position, true);
  };
  /** What was asked for with DATA or STARTTLS comes with the next bytes, unless the server refused. */
  const decide = (position: number, seen: Seen) => {
    if (awaited === undefined) return;
    const isGranted = reply === "" || reply === (awaited === "DATA" ? "354" : "220");
    if (isGranted && awaited === "DATA") {
      mail = begin(position, seen);
      now.state = "data";
    } else if (isGranted) {
      now.state = "encrypted";
      encryptedFrom = position;
    }
    awaited = undefined;
  };

  const client = (said: Uint8Array, position: number, seen: Seen) => {
    for (let at = 0; at < said.length; ) {
      if (now.state === "command") decide(position + at, seen);
      if (now.state === "encrypted") return;
      if (now.state === "chunk") {
        const piece = said.subarray(at, at + remaining);
        add(piece);
        at += piece.length;
        remaining -= piece.length;
        if (remaining === 0) chunkEnds(position + at);
        continue;
      }
      const feed = said.indexOf(FEED, at);
      const end = feed < 0 ? said.length : feed + 1;
      if (now.state === "command") {
        if (line === "") lineStart = position + at;
        if (line.length < LINE_LIMIT) line += latin1(said.subarray(at, end));
        at = end;
        if (feed < 0) continue;
        const whole = line;
        line = "";
        reply = "";
        command(whole, seen, position + at);
      } else {
        at = dataLine(said, at, end, position);
      }
    }
  };
  /** A line of DATA, or a part of one. A dot may come in another packet than the line end behind it, so it is held back in `line`. */
  const dataLine = (said: Uint8Array, at: number, end: number, position: number): number => {
    if (line === "" && !(atLineStart && said[at] === DOT)) {
      add(said.subarray(at, end));
      atLineStart = endsLine(said, end);
      return end;
    }
    if (line === "") lineStart = position + at;
    const taken = Math.min(end, at + 3 - line.length);
    line += latin1(said.subarray(at, taken));
    if (line === ".\r\n") {
      line = "";
      finish(position + taken, true);
      reply = "";
    } else if (line !== "." && line !== ".\r") {
      // Anything else that begins with a dot had it put in front (RFC 5321, 4.5.2).
      const rest = Buffer.from(line.slice(1), "latin1");
      line = "";
      add(rest);
      atLineStart = endsLine(rest, rest.length);
    }
    return taken;
  };
  const endsLine = (said: Uint8Array, end: number): boolean => {
    const before = end >= 2 ? said[end - 2] : lastByte(mail);
    return said[end - 1] === FEED && before === RETURN;
  };

  for (const chunk of conversation.chunks) {
    if (chunk.kind === "reset") continue;
    if (chunk.side === 1) {
      if (chunk.kind === "bytes") reply = replyOf(chunk.bytes) ?? reply;
      continue;
    }
    if (chunk.kind === "bytes") {
      client(chunk.bytes, chunk.position, chunk);
      continue;
    }
    line = "";
    if (now.state === "command") decide(chunk.position, chunk);
    if (mail === undefined) continue;
    const missing = now.state === "chunk" ? Math.min(remaining, chunk.length) : chunk.length;
    mail.holes.push({ start: mail.length, end: mail.length + missing });
    mail.length += missing;
    atLineStart = false;
    if (now.state !== "chunk") continue;
    remaining -= missing;
    if (remaining === 0) chunkEnds(chunk.position + missing);
  }
  if (mail !== undefined) finish(lineStart, false);
  return { mails, more, encryptedFrom };
}

/** The last byte that was added to a mail before the packet at hand. */
function lastByte(mail: Mail | undefined): number | undefined {
  return mail?.pieces.at(-2)?.at(-1);
}

/** The code of the last reply in what the server said; of several lines the last has no hyphen. */
function replyOf(bytes: Uint8Array): string | undefined {
  const codes = latin1(bytes.subarray(-2_048)).match(/^\d{3}(?=[ \r\n])/gm);
  return codes?.at(-1);
}

/** The path of `MAIL FROM:<path>`, without what follows it. */
function pathOf(text: string): string {
  return (/<([^>]*)>/.exec(text)?.[1] ?? text.slice(text.indexOf(":") + 1).trim()).slice(0, 320);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** SMTP (RFC 5321), as Zeek's smtp.log tells it: one record per mail, or per session without one. */
import type { Side } from "../reassembly/segment.ts";
import { FileReader } from "./file.ts";
import { LineReader } from "./lines.ts";
import { type MailParts, mailParts } from "./mail/parts.ts";
import { type Piece, pieceReader } from "./mail/pieces.ts";
import { type FlowContext, LIST_LIMIT, type StreamProtocol } from "./protocol.ts";
import { textOfLatin1 } from "./text.ts";

const PORTS: ReadonlySet<number> = new Set([25, 587, 2525]);

/** The headers of a mail that are told, and how long they may be. */
const HEADER_LIMIT = 8_192;
const HEADERS_LIMIT = 65_536;

type Mail = {
  micros: number;
  from: string | undefined;
  readonly to: string[];
  readonly headers: Map<string, string>;
  readonly received: string[];
  readonly parts: MailParts;
  /** The names of the files that were told of. */
  readonly fuids: readonly string[];
};

export const smtp: StreamProtocol = {
  tells({ heads, ports }) {
    const [client = "", server = ""] = heads.map((head) => Buffer.from(head).toString("latin1"));
    if (/^(?:EHLO|HELO|LHLO) /i.test(client)) return true;
    if (server !== "" && !beginsLike(server, "220")) return false;
    if (client.length < 5) return undefined;
    // Where the greeting was not captured, or is not polite.
    return (
      ports.some((port) => PORTS.has(port)) &&
      /^(?:MAIL FROM|RCPT TO|STARTTLS|AUTH |RSET|NOOP|QUIT)/i.test(client)
    );
  },
  open: openSmtp,
};

function openSmtp(flow: FlowContext) {
  const began = flow.now();
  const lines = [new LineReader(), new LineReader()] as const;
  /** Lines of mails, which may go on in the next chunk. */
  const contents = pieceReader();
  let files = 0;
  let helo: string | undefined;
  let depth = 0;
  let mail: Mail | undefined;
  let lastReply: string | undefined;
  let isTls = false;
  let hasAskedTls = false;
  let userAgent: string | undefined;
  /** Whether the client sends a mail up to a line with a dot, or a chunk of a given number of bytes (BDAT, RFC 3030); and where in the mail it is. */
  let isData = false;
  let chunk = 0;
  let section: "headers" | "body" = "headers";
  let lastHeader: string | undefined;
  let headerBytes = 0;
  let isWritten = false;
  /** The mail is sent; the next reply says what became of it. */
  let isSent = false;

  const write = () => {
    if (helo === undefined && mail === undefined && lastReply === undefined) return;
    isWritten = true;
    flow.speaks("smtp");
    if (mail !== undefined) endParts(mail);
    const header = (name: string) => mail?.headers.get(name);
    const to = header("to");
    flow.write("smtp", mail?.micros ?? began, {
      trans_depth: ++depth,
      helo,
      mailfrom: mail?.from,
      rcptto: mail !== undefined && mail.to.length > 0 ? mail.to : undefined,
      date: header("date"),
      from: header("from"),
      to: to?.split(/,\s*/).slice(0, LIST_LIMIT),
      reply_to: header("reply-to"),
      msg_id: header("message-id"),
      in_reply_to: header("in-reply-to"),
      subject: header("subject"),
      x_originating_ip: header("x-originating-ip"),
      first_received: mail?.received.at(0),
      second_received: mail?.received.at(1),
      last_reply: lastReply,
      user_agent: userAgent ?? header("user-agent") ?? header("x-mailer"),
      tls: isTls,
      fuids: mail !== undefined && mail.fuids.length > 0 ? mail.fuids : undefined,
    });
    mail = undefined;
    headerBytes = 0;
    isSent = false;
    isData = false;
  };
  /** What came behind the last end of a line belongs to the mail too. */
  const endParts = ({ parts }: Mail) => {
    const rest = contents.rest();
    if (rest !== undefined) parts.piece(rest);
    parts.end();
  };
  const begin = (): Mail => {
    if (mail === undefined) {
      const fuids: string[] = [];
      const parts = mailParts((filename) => {
        const file = new FileReader({ flow, side: 0, source: "SMTP", number: files++, filename });
        return {
          data: (bytes, start, end) => file.data(bytes, start, end),
          gap: (length) => file.gap(length),
          end() {
            if (file.end().isWritten && fuids.length < LIST_LIMIT) fuids.push(file.fuid);
          },
        };
      });
      mail = { micros: flow.now(), from: undefined, to: [], headers: new Map(), received: [], parts, fuids };
      contents.begin();
      section = "headers";
    }
    return mail;
  };
  const command = (line: string) => {
    const text = textOfLatin1(line);
    const [, verb = "", rest = ""] = /^(\S+)\s*(.*)$/.exec(text) ?? [];
    switch (verb.toUpperCase()) {
      case "EHLO":
      case "HELO":
      case "LHLO":
        helo = rest;
        return;
      case "MAIL":
        // A mail after one whose reply was not captured.
        if (isSent) write();
        begin().from = addressOf(rest, /^FROM:\s*/i);
        return;
      case "RCPT":
        if (begin().to.length < LIST_LIMIT) begin().to.push(addressOf(rest, /^TO:\s*/i));
        return;
      case "DATA":
        begin();
        isData = true;
        return;
      case "BDAT": {
        begin();
        chunk = Number(/^\d{1,9}/.exec(rest)?.[0] ?? 0);
        if (/LAST\s*$/i.test(rest)) isSent = true;
        return;
      }
      case "STARTTLS":
        hasAskedTls = true;
        return;
      case "RSET":
        if (mail !== undefined) write();
        return;
      default:
    }
  };
  const header = (line: string) => {
    const known = mail?.headers;
    if (known === undefined) return;
    if (/^[ \t]/.test(line)) {
      if (lastHeader === undefined) return;
      const value = known.get(lastHeader) ?? "";
      if (value.length < HEADER_LIMIT) known.set(lastHeader, `${value} ${textOfLatin1(line.trim())}`);
      return;
    }
    const colon = line.indexOf(":");
    lastHeader = undefined;
    if (colon < 1) return;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = textOfLatin1(line.slice(colon + 1).trim());
    if (name === "received") {
      // Those of the first two hops are the last two headers.
      mail?.received.unshift(value);
      if (mail !== undefined && mail.received.length > 2) mail.received.length = 2;
      return;
    }
    headerBytes += line.length;
    if (known.has(name) || headerBytes > HEADERS_LIMIT) return;
    known.set(name, value);
    lastHeader = name;
  };
  const content = (piece: Piece) => {
    const { text, ending, isStart } = piece;
    if (text === "." && isStart && ending !== "" && isData) {
      isData = false;
      isSent = true;
      if (mail !== undefined) endParts(mail);
      return;
    }
    // A dot that a line of DATA begins with has another one in front (RFC 5321, 4.5.2).
    const isStuffed = isData && isStart && text.startsWith(".");
    mail?.parts.piece(isStuffed ? { text: text.slice(1), ending, isStart } : piece);
    if (section !== "headers" || !isStart) return;
    if (text === "") section = "body";
    else header(text);
  };
  const reply = (line: string) => {
    if (!/^\d{3}(?:[ ]|$)/.test(line)) return;
    lastReply = textOfLatin1(line);
    if (hasAskedTls && line.startsWith("220")) {
      isTls = true;
      write();
      flow.restart();
    } else if (hasAskedTls) hasAskedTls = false;
    else if (isSent && !line.startsWith("354")) write();
    // The server did not want the mail.
    else if (isData && /^[45]/.test(line)) isData = false;
  };
  const client = (bytes: Uint8Array, start: number, end: number) => {
    for (let at = start; at < end; ) {
      if (isData || chunk > 0) {
        const behind = contents.take(bytes, at, chunk > 0 ? Math.min(end, at + chunk) : end);
        if (chunk > 0) chunk -= behind - at;
        at = behind;
        if (contents.piece !== undefined) content(contents.piece);
        continue;
      }
      at = lines[0].take(bytes, at, end);
      if (lines[0].line !== undefined) command(lines[0].line);
    }
  };

  return {
    data(side: Side, bytes: Uint8Array, start: number, end: number) {
      if (side === 0) return client(bytes, start, end);
      for (let at = start; at < end; ) {
        at = lines[1].take(bytes, at, end);
        if (lines[1].line !== undefined) reply(lines[1].line);
      }
    },
    gap(side: Side, length: number) {
      lines[side].lose();
      if (side === 1) return;
      const isContent = isData || chunk > 0;
      const forgotten = contents.lose();
      if (isContent) mail?.parts.gap(forgotten + (chunk > 0 ? Math.min(chunk, length) : length));
      chunk = Math.max(0, chunk - length);
    },
    held: () => lines[0].held() + lines[1].held() + contents.held() + headerBytes + (mail?.parts.held() ?? 0),
    end() {
      if (mail !== undefined || !isWritten) write();
    },
  };
}

/** Whether text begins with a word, or is the beginning of it. */
function beginsLike(text: string, word: string): boolean {
  return text.length < word.length ? word.startsWith(text) : text.startsWith(word);
}

/** The address of `FROM:<a@b> SIZE=1`. */
function addressOf(text: string, before: RegExp): string {
  const rest = text.replace(before, "");
  return /^<([^>]*)>/.exec(rest)?.[1] ?? rest.split(/\s/, 1)[0] ?? "";
}

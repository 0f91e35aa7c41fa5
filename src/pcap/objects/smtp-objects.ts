import PostalMime, { type Attachment } from "postal-mime";
import type { Conversation } from "../reassembly/conversation.ts";
import { sentParts } from "./mail-parts.ts";
import { type CarvedObject, carve, type ObjectLimits, objectLimits } from "./object.ts";
import { type Mail, readSmtp } from "./smtp.ts";

/** Mails above this are not looked into: what a parser makes of them takes several times their size. */
const PARSE_LIMIT = 64 * 2 ** 20;

const REWRITTEN = "its line ends may be others than those that were sent, and its hashes with them";

/** Bounds of the parser: how deep parts may be in parts, and the bytes of all headers. */
const PARSER = { maxNestingDepth: 50, maxHeadersSize: 2 ** 20, maxRfc822NestingDepth: 5 } as const;

/** The mails of an SMTP conversation, each followed by its attachments. */
export async function objectsOfSmtp(
  conversation: Conversation,
  limits: Partial<ObjectLimits> = {},
): Promise<CarvedObject[]> {
  const { objects: most, leave, bytes } = objectLimits(limits);
  const found: CarvedObject[] = [];
  const { mails, more } = readSmtp(conversation, bytes);
  if (more > 0) leave("files", more);
  for (const mail of mails) {
    if (found.length >= most) {
      leave("files", 1);
      continue;
    }
    const place = {
      protocol: "smtp",
      side: mail.side,
      start: mail.start,
      end: mail.end,
      seen: mail.seen,
    } as const;
    const opened = await openMail(mail);
    const notes = [...mail.notes, ...opened.notes];
    const origin = `mail from <${mail.from}> to ${mail.to.map((path) => `<${path}>`).join(", ")}`;
    const name = `${opened.subject || "mail"}.eml`;
    const { pieces, holes, isComplete: ended } = mail;
    found.push(
      carve({ ...place, name, declaredType: "message/rfc822", pieces, holes, ended, origin, notes }),
    );
    const ofMail = `attachment of "${opened.subject}", ${origin}`;
    // Which attachment lacks the bytes that the mail lacks, nobody knows.
    const lacking = holes.length > 0 ? ["bytes of the mail it was in are missing, perhaps its own"] : [];
    const { attachments } = opened;
    const room = most - found.length;
    if (attachments.length > room) leave("files", attachments.length - room);
    for (const { filename, mimeType, content } of attachments.slice(0, room)) {
      const read = typeof content === "string" ? Buffer.from(content) : new Uint8Array(content);
      const sent = opened.sent(read);
      found.push(
        carve({
          ...place,
          name: filename ?? "unnamed",
          declaredType: mimeType,
          pieces: [sent ?? read],
          holes: [],
          ended: ended && holes.length === 0,
          origin: ofMail,
          notes: sent === undefined ? [...lacking, REWRITTEN] : lacking,
        }),
      );
    }
  }
  return found;
}

type Opened = {
  readonly subject: string;
  readonly attachments: readonly Attachment[];
  readonly notes: readonly string[];
  /** The bytes of an attachment as they were sent. */
  readonly sent: (read: Uint8Array) => Uint8Array | undefined;
};

async function openMail(mail: Mail): Promise<Opened> {
  const nothing = { subject: "", attachments: [], sent: () => undefined };
  if (mail.length > PARSE_LIMIT)
    return { ...nothing, notes: [`above ${PARSE_LIMIT} bytes its parts are not read`] };
  try {
    const bytes = Buffer.concat(mail.pieces);
    const { subject = "", attachments } = await PostalMime.parse(bytes, PARSER);
    const closed = attachments.some((attachment) => attachment.rfc822DepthExceeded);
    const sent = attachments.length > 0 ? sentParts(bytes) : nothing.sent;
    return { subject, attachments, sent, notes: closed ? ["mails inside its mails are not all opened"] : [] };
  } catch (error) {
    return {
      ...nothing,
      notes: [`its parts cannot be read: ${error instanceof Error ? error.message : error}`],
    };
  }
}

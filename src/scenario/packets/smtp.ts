import { base64, said } from "./content.ts";
import type { Turn } from "./talk.ts";

export type Mail = {
  /** How the sending machine calls itself, and how the receiving one. */
  readonly helo: string;
  readonly server: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  /** As RFC 5322 spells it. */
  readonly date: string;
  readonly id: string;
  readonly text: readonly string[];
  readonly attachment: { readonly name: string; readonly mime: string; readonly bytes: Uint8Array };
};

const BASE64_LINE = 76;
const BOUNDARY = "=_part_88213";

/** A mail that is handed over from one server to another (RFC 5321). */
export function smtpTurns(mail: Mail): Turn[] {
  const dialogue: [Turn["side"], string][] = [
    [1, `220 ${mail.server} ESMTP ready`],
    [0, `EHLO ${mail.helo}`],
    [1, `250-${mail.server}\r\n250-SIZE 35882577\r\n250 8BITMIME`],
    [0, `MAIL FROM:<${mail.from}>`],
    [1, "250 2.1.0 Ok"],
    [0, `RCPT TO:<${mail.to}>`],
    [1, "250 2.1.5 Ok"],
    [0, "DATA"],
    [1, "354 End data with <CR><LF>.<CR><LF>"],
    [0, `${messageOf(mail)}\r\n.`],
    [1, "250 2.0.0 Ok: queued as 4B1F2C0D77"],
    [0, "QUIT"],
    [1, "221 2.0.0 Bye"],
  ];
  return dialogue.map(([side, line]) => ({ side, content: said(`${line}\r\n`), wait: 3 }));
}

/** The message with its attachment (RFC 2045, 2046). */
function messageOf({ from, to, subject, date, id, text, attachment }: Mail): string {
  return [
    `From: "Accounts Receivable" <${from}>`,
    `To: <${to}>`,
    `Subject: ${subject}`,
    `Date: ${date}`,
    `Message-ID: <${id}>`,
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    "",
    `--${BOUNDARY}`,
    "Content-Type: text/plain; charset=utf-8",
    "",
    ...text,
    "",
    `--${BOUNDARY}`,
    `Content-Type: ${attachment.mime}; name="${attachment.name}"`,
    `Content-Disposition: attachment; filename="${attachment.name}"`,
    "Content-Transfer-Encoding: base64",
    "",
    ...base64Lines(attachment.bytes),
    `--${BOUNDARY}--`,
  ].join("\r\n");
}

function base64Lines(bytes: Uint8Array): string[] {
  return base64(bytes).match(new RegExp(`.{1,${BASE64_LINE}}`, "g")) ?? [];
}

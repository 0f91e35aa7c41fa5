import { hash } from "node:crypto";
import { mailParts } from "../protocols/mail/parts.ts";
import { pieceReader } from "../protocols/mail/pieces.ts";

/**
 * Finds the bytes of an attachment as they were sent. PostalMime, which finds what is an attachment, gives all that is not base64 the line ends
 * of Unix, and one more at its end: its hash is then that of no file that left.
 *
 * @returns what answers the bytes of a part that PostalMime read so; undefined when the mail has none that reads so
 */
export function sentParts(mail: Uint8Array): (read: Uint8Array) => Uint8Array | undefined {
  const parts = new Map<string, Uint8Array>();
  const lines = pieceReader();
  const reader = mailParts(() => {
    const chunks: Buffer[] = [];
    return {
      data: (bytes, start, end) => void chunks.push(Buffer.from(bytes.subarray(start, end))),
      gap: () => undefined,
      end() {
        const bytes = Buffer.concat(chunks);
        parts.set(keyOf(textOf(bytes)), bytes);
      },
    };
  });
  lines.begin();
  for (let at = 0; at < mail.length; ) {
    at = lines.take(mail, at, mail.length);
    if (lines.piece !== undefined) reader.piece(lines.piece);
  }
  const rest = lines.rest();
  if (rest !== undefined) reader.piece(rest);
  reader.end();
  return (read) => {
    const text = textOf(read);
    return parts.get(keyOf(text)) ?? (text.endsWith("\n") ? parts.get(keyOf(text.slice(0, -1))) : undefined);
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** What is the same of a part that was sent and of one that was read. */
function keyOf(text: string): string {
  return hash("sha256", text.replaceAll("\r\n", "\n"));
}

import { formatIpv4, formatIpv6 } from "../../core/ip.ts";
import type { Cursor } from "./part.ts";
import { type Options, text, visitOptions, wide } from "./pcapng-options.ts";
import { type CaptureReport, countSkipped, type ResolvedName } from "./report.ts";

/** What is kept of the notes that a capture brings with it. More is counted as passed over. */
const COMMENTS_KEPT = 100;
const NAMES_KEPT = 10_000;
const NAMES_PER_ADDRESS = 16;
const SECRETS_KEPT = 1000;
const SECRET_BYTES_KEPT = 16 * 1_048_576;

/** Keeps what the header of a section says of the whole capture. */
export function keepSection(options: Options, report: CaptureReport): void {
  const { cursor } = options;
  visitOptions(options, (code, start, end) => {
    if (code === 1) {
      if (report.comments.length < COMMENTS_KEPT) report.comments.push(text(cursor, start, end));
      else countSkipped(report, "comment");
    }
    if (code === 4) report.application ??= text(cursor, start, end);
  });
}

/** Keeps the numbers of packets that an interface or its system dropped: the latest, because they count from the start of the capture. */
export function keepDropped(options: Options, report: CaptureReport, place: number): void {
  const { cursor, little } = options;
  let dropped: number | undefined;
  visitOptions(options, (code, start, end) => {
    // 5 are those of the interface, 7 those of the operating system.
    if ((code === 5 || code === 7) && end - start === 8)
      dropped = (dropped ?? 0) + wide(cursor, start, little);
  });
  if (dropped !== undefined) report.dropped[place] = dropped;
}

/** Keeps the names of addresses. The records of the block are built as options are, with an address before the names. */
export function keepNames(records: Options, report: CaptureReport): void {
  const { cursor } = records;
  visitOptions(records, (code, start, end) => {
    const size = code === 1 ? 4 : code === 2 ? 16 : 0;
    if (size === 0 || end - start <= size) return;
    if (report.names.length === NAMES_KEPT) return countSkipped(report, "name");
    const names = text(cursor, start + size, end).split("\0", NAMES_PER_ADDRESS);
    const word = (index: number) => cursor.view.getUint32(start + 4 * index);
    const address = size === 4 ? formatIpv4(word(0)) : formatIpv6([word(0), word(1), word(2), word(3)]);
    report.names.push({ address, names } satisfies ResolvedName);
  });
}

/** Keeps the decryption secrets of the block at the cursor: they are copied, because the bytes of the cursor change. */
export function keepSecrets(cursor: Cursor, length: number, little: boolean, report: CaptureReport): void {
  const { view, at, bytes } = cursor;
  const size = Math.min(view.getUint32(at + 12, little), length - 20);
  if (report.secrets.length === SECRETS_KEPT || report.secretBytes + size > SECRET_BYTES_KEPT) {
    countSkipped(report, "decryption secrets");
    return;
  }
  report.secretBytes += size;
  report.secrets.push({
    type: view.getUint32(at + 8, little),
    bytes: Uint8Array.from(bytes.subarray(at + 16, at + 16 + size)),
  });
}

/**
 * Header lines within telemetry: Zeek's tab-separated logs say at their beginning what the lines below hold. A line is read by the header
 * lines before it in its block.
 */

/** How such a log begins, and nothing else does. */
export const SEPARATOR = "#separator ";
/** A line about the log's end; it says nothing of other lines. */
export const CLOSE = "#close";
/** The first byte of every header line. */
export const HASH = 35;

const SIGNATURE = new TextEncoder().encode(SEPARATOR);

/** Whether a stream that begins with these bytes is a Zeek log in tab-separated text. */
export function isHeaded(bytes: Uint8Array, start: number): boolean {
  return SIGNATURE.every((byte, index) => bytes[start + index] === byte);
}

/**
 * Finds the header lines that hold for a record of a block, to read the record apart from it. Undefined for a block
 * whose records need none.
 */
export function headingsOf(
  records: number,
  recordAt: (record: number) => Uint8Array,
): ((record: number) => string) | undefined {
  if (records === 0 || !isHeaded(recordAt(0), 0)) return undefined;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const headings: { from: number; text: string }[] = [];
  let lines: string[] = [];
  for (let record = 0; record < records; record++) {
    const bytes = recordAt(record);
    if (bytes[0] !== HASH) continue;
    const line = decoder.decode(bytes);
    if (line.startsWith(CLOSE)) continue;
    lines = line.startsWith(SEPARATOR) ? [line] : [...lines, line];
    headings.push({ from: record, text: lines.join("\n") });
  }
  return (record) => headings.findLast(({ from }) => from <= record)?.text ?? "";
}

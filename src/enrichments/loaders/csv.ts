import { Fault } from "../../core/fault.ts";
import { emptyMessage, type FieldValue, type Message } from "../../core/message.ts";
import { Double, Float } from "../../core/number.ts";
import { decodeText } from "../../core/text.ts";
import { guessMeaning } from "../../schema/canonical.ts";
import type { IndicatorMeaning } from "../../schema/meaning.ts";
import { makeEnvironment } from "../../stellar/run/environment.ts";
import type { Table, TableValue } from "../../storage/table/contract.ts";
import { readIndicator } from "../threat-intel/indicator.ts";
import { splitCsvLine } from "./csv-line.ts";
import { csvExtractor, csvExtractorConfig, type Extraction } from "./extractor.ts";

const LINE_FEED = 10;
/** What a key of a table can hold. */
const MOST_KEY_BYTES = 1900;
/** A line longer than this is none of a list; reading on would only fill memory. */
const MOST_LINE_BYTES = 1 << 20;
const PROGRESS_LINES = 10_000;

export type CsvLoadOptions = {
  /** What the keys are; one that cannot be such a value is refused. Anything goes when left out. */
  readonly meaning?: IndicatorMeaning | undefined;
  readonly input: AsyncIterable<Uint8Array | string>;
  readonly table: Table;
  readonly type: string;
  /** Column of the header with the indicators; the first when left out. */
  readonly indicatorColumn?: string | undefined;
  readonly separator?: string;
  /** Whether what the list says takes the place of what the type held. */
  readonly replace?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each line that should define an entry and does not, counted from 1. */
  readonly onRejected?: (line: number, reason: string) => void;
  /** Told from time to time how many lines were read. */
  readonly onProgress?: (lines: number) => void;
};

/**
 * Loads a CSV with a header into a type of a table and answers how many entries it gave. Blank lines and those that
 * start with `#` are left out. Throws a `Fault` REQUEST_INVALID when the header is missing or lacks the column.
 */
export async function loadCsv(options: CsvLoadOptions): Promise<number> {
  const { type, indicatorColumn, separator = "," } = options;
  let extract: ((line: string) => Extraction) | undefined;
  const fromHeader = (line: string): Extraction => {
    if (extract !== undefined) return extract(line);
    if (line.trim() === "" || line.startsWith("#")) return undefined;
    const columns = splitCsvLine(line.replace(/^\uFEFF/, ""), separator);
    if ("reason" in columns) throw new Fault("REQUEST_INVALID", `reading the header: ${columns.reason}`);
    const mistake = headerMistake(line, columns, indicatorColumn, separator);
    if (mistake !== undefined) throw new Fault("REQUEST_INVALID", `reading the header: ${mistake}`);
    const positions = Object.fromEntries(columns.map((name, index) => [name, index]));
    const config = csvExtractorConfig.parse({
      columns: positions,
      type,
      separator,
      ...(indicatorColumn === undefined ? {} : { indicator_column: indicatorColumn }),
    });
    extract = csvExtractor(config, makeEnvironment());
    return undefined;
  };
  async function* all(): AsyncGenerator<readonly [string, TableValue], void> {
    yield* entries(options, fromHeader);
    // A download that failed is empty; taken for a list it would replace all there is by nothing.
    if (extract === undefined)
      throw new Fault("REQUEST_INVALID", "reading the header: the input ends before it");
  }
  return options.table.load(type, all(), { replace: options.replace });
}

/** What is wrong with a header, and what to do about it. */
function headerMistake(
  line: string,
  columns: readonly string[],
  wanted: string | undefined,
  separator: string,
): string | undefined {
  const twice = columns.find((name, at) => columns.indexOf(name) !== at);
  if (twice !== undefined) return `the column \`${twice}\` is there twice; give each a name of its own`;
  if (wanted === undefined || columns.includes(wanted)) return undefined;
  const value = columns.find((cell) => guessMeaning(cell.trim()) !== "text");
  if (value !== undefined)
    return `the first line must name the columns, but \`${value}\` looks like a value; put a line such as \`${wanted}${separator}source\` before it`;
  const other = [",", ";", "\t", "|"].find((sign) => sign !== separator && line.split(sign).includes(wanted));
  if (other !== undefined)
    return `columns are separated by \`${named(other)}\` here, not by \`${named(separator)}\`; say so (--separator)`;
  return `there is no column \`${wanted}\` among ${columns.map((name) => `\`${name}\``).join(", ")}; name the one with the indicators (--column)`;
}

function named(separator: string): string {
  return separator === "\t" ? "tab" : separator;
}

async function* entries(
  { input, meaning, signal, onRejected, onProgress }: CsvLoadOptions,
  extract: (line: string) => Extraction,
): AsyncGenerator<readonly [string, TableValue], void> {
  let number = 0;
  for await (const lines of linesOf(input)) {
    signal?.throwIfAborted();
    for (const line of lines) {
      number++;
      if (number % PROGRESS_LINES === 0) onProgress?.(number);
      const extracted = line === undefined ? { reason: "the line is too long" } : extract(line);
      if (extracted === undefined) continue;
      if ("reason" in extracted) {
        onRejected?.(number, extracted.reason);
        continue;
      }
      const { indicator, value } = extracted;
      const read = readIndicator(indicator, meaning);
      if ("reason" in read) {
        onRejected?.(number, read.reason);
        continue;
      }
      const length = Buffer.byteLength(read.key);
      if (length >= 1 && length <= MOST_KEY_BYTES) yield [read.key, tableValue(value)];
      else onRejected?.(number, `an indicator has 1 to ${MOST_KEY_BYTES} bytes, this one ${length}`);
    }
  }
  onProgress?.(number);
}

/** The lines of a stream, in lots; undefined for one that is too long. */
async function* linesOf(
  input: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<readonly (string | undefined)[], void> {
  let rest = Buffer.alloc(0);
  let isTooLong = false;
  for await (const chunk of input) {
    const added = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    const bytes = rest.length === 0 ? Buffer.from(added) : Buffer.concat([rest, added]);
    const lines: (string | undefined)[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      lines.push(isTooLong ? undefined : lineOf(bytes, start, end));
      isTooLong = false;
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > MOST_LINE_BYTES) {
      isTooLong = true;
      rest = Buffer.alloc(0);
    }
    yield lines;
  }
  if (isTooLong) yield [undefined];
  else if (rest.length > 0) yield [lineOf(rest, 0, rest.length)];
}

function lineOf(bytes: Buffer, start: number, end: number): string {
  return decodeText(bytes, start, end > start && bytes[end - 1] === 13 ? end - 1 : end);
}

/** Tables keep plain numbers. */
function tableValue(value: FieldValue | Message): TableValue {
  if (value instanceof Double || value instanceof Float) return value.value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(tableValue);
  const plain: Record<string, TableValue> = emptyMessage() as Record<string, TableValue>;
  for (const [key, entry] of Object.entries(value)) plain[key] = tableValue(entry as FieldValue);
  return { ...plain };
}

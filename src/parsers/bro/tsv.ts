import type { Column } from "../../core/column.ts";
import { ABSENT, FALSE, NULL, SPAN, TRUE, VALUE } from "../../core/column.ts";
import type { FieldValue } from "../../core/message.ts";
import { Double } from "../../core/number.ts";
import type { RecordScanner } from "../json/record-scanner.ts";
import type { BroWriter } from "./bro-writer.ts";
import { place } from "./fields.ts";

// All indexes are within the header's lists or the record.

const BACKSLASH = 92;
/** Types of the fields that must have theirs, for logs without #types. */
const UNTYPED: Readonly<Record<string, string>> = {
  ts: "time",
  tx_hosts: "set[addr]",
  rx_hosts: "set[addr]",
};
const decoder = new TextDecoder();
const NUMBERS = new Set(["time", "interval", "double", "count", "int", "port"]);

type TsvColumn = {
  readonly name: string;
  readonly slot: number;
  readonly kind: "number" | "boolean" | "text" | "list";
  /** What a list is made of. */
  readonly element: "number" | "boolean" | "text";
  column: Column | undefined;
};

/** Reads Zeek's tab-separated logs: header lines that start with #, then lines of values in the header's order. */
export class TsvReader {
  readonly #writer: BroWriter;
  readonly #scanner: RecordScanner;
  #separator = 9;
  #setSeparator = ",";
  #empty = "(empty)";
  #unset = "-";
  #path: string | undefined;
  #names: readonly string[] = [];
  #types: readonly string[] = [];
  #columns: readonly TsvColumn[] = [];

  constructor(writer: BroWriter) {
    this.#writer = writer;
    this.#scanner = writer.scanner;
  }

  /** Whether a header with #fields was read. */
  get ready(): boolean {
    return this.#names.length > 0;
  }

  /** Forgets the header. */
  forget(): void {
    this.#separator = 9;
    this.#setSeparator = ",";
    this.#empty = "(empty)";
    this.#unset = "-";
    this.#path = undefined;
    this.#names = [];
    this.#types = [];
    this.#columns = [];
  }

  /** Reads a header line; answers what is wrong with it, or undefined. */
  header(start: number, end: number): string | undefined {
    const line = this.#writer.batch.arena.text(start, end);
    const separator = String.fromCharCode(this.#separator);
    const [key, ...values] = line.startsWith("#separator") ? line.split(" ") : line.split(separator);
    switch (key) {
      case "#separator":
        return this.#newLog(values[0] ?? "");
      case "#set_separator":
        this.#setSeparator = values[0] ?? ",";
        return undefined;
      case "#empty_field":
        this.#empty = values[0] ?? "";
        return undefined;
      case "#unset_field":
        this.#unset = values[0] ?? "-";
        return undefined;
      case "#path":
        this.#path = values[0];
        return undefined;
      case "#fields":
        this.#names = values;
        this.#types = [];
        this.#plan();
        return undefined;
      case "#types":
        if (values.length !== this.#names.length) return "#types has another number of entries than #fields";
        this.#types = values;
        this.#plan();
        return undefined;
      default:
        return undefined;
    }
  }

  #newLog(separator: string): string | undefined {
    const code = /^\\x([0-9a-fA-F]{2})$/.exec(separator);
    if (code === null) return "#separator is not of the form \\x09";
    this.forget();
    this.#separator = Number.parseInt(code[1] as string, 16);
    return undefined;
  }

  #plan(): void {
    this.#columns = this.#names.map((name, index) => {
      const type = this.#types[index] ?? UNTYPED[name] ?? "string";
      const inner = /^(?:set|vector|table|list)\[(.+)\]$/.exec(type);
      const { field, slot } = place(["", name]);
      return {
        name: field ?? name,
        slot: slot ?? -1,
        kind: inner === null ? kindOf(type) : "list",
        element: kindOf(inner?.[1] ?? type),
        column: undefined,
      };
    });
  }

  /** Reads a line into the next row; answers what is wrong with it, or undefined. */
  line(start: number, end: number, row: number, logType: string | undefined): string | undefined {
    const type = this.#path ?? logType;
    if (type === undefined) return "the log has no #path, and no logType is configured";
    const scanner = this.#scanner;
    scanner.end = end;
    scanner.slotKinds.fill(ABSENT);
    scanner.filled = 0;
    let at = start;
    let index = 0;
    for (; at <= end && index < this.#columns.length; index++) {
      let close = at;
      while (close < end && scanner.bytes[close] !== this.#separator) close++;
      this.#value(this.#columns[index] as TsvColumn, at, close, row);
      at = close + 1;
    }
    let reason: string | undefined;
    if (index < this.#columns.length || at <= end)
      reason = "the line has another number of values than #fields";
    else reason = this.#writer.finishNamed(type, row);
    if (reason !== undefined) this.#clear(row);
    return reason;
  }

  #clear(row: number): void {
    for (const { column } of this.#columns) column?.clear(row);
  }

  #value(target: TsvColumn, start: number, end: number, row: number): void {
    const scanner = this.#scanner;
    if (this.#isText(start, end, this.#unset)) return;
    if (!this.#read(target, start, end)) this.#text(start, end);
    if (target.slot >= 0) {
      scanner.fill(target.slot);
      return;
    }
    target.column ??= this.#writer.batch.column(target.name);
    scanner.write(target.column, row);
  }

  /** Reads a value of the column's type into the scanner; false when it is not of that type, and so is text. */
  #read(target: TsvColumn, start: number, end: number): boolean {
    const scanner = this.#scanner;
    switch (target.kind) {
      case "number":
        return start < end && scanner.numeral(start) === end;
      case "boolean":
        if (end !== start + 1) return false;
        scanner.kind = scanner.bytes[start] === 84 ? TRUE : scanner.bytes[start] === 70 ? FALSE : NULL;
        return scanner.kind !== NULL;
      case "list":
        scanner.kind = VALUE;
        scanner.object = this.#list(target, start, end);
        return true;
      default:
        return false;
    }
  }

  #list(target: TsvColumn, start: number, end: number): FieldValue {
    if (this.#isText(start, end, this.#empty)) return [];
    const parts = this.#writer.batch.arena.text(start, end).split(this.#setSeparator);
    return parts.map((part) => element(target.element, part === this.#unset ? null : unescapeText(part)));
  }

  #text(start: number, end: number): void {
    const scanner = this.#scanner;
    const { bytes } = scanner;
    scanner.kind = SPAN;
    scanner.start = start;
    scanner.finish = this.#isText(start, end, this.#empty) ? start : end;
    for (let at = start; at < end; at++) {
      if (bytes[at] !== BACKSLASH && (bytes[at] as number) < 128) continue;
      const arena = this.#writer.batch.arena;
      scanner.start = arena.appendText(unescapeText(arena.text(start, end)));
      scanner.finish = arena.length;
      scanner.refresh();
      return;
    }
  }

  #isText(start: number, end: number, text: string): boolean {
    if (end - start !== text.length) return false;
    for (let index = 0; index < text.length; index++) {
      if (this.#scanner.bytes[start + index] !== text.charCodeAt(index)) return false;
    }
    return true;
  }
}

function kindOf(type: string): "number" | "boolean" | "text" {
  if (type === "bool") return "boolean";
  return NUMBERS.has(type) ? "number" : "text";
}

function element(kind: "number" | "boolean" | "text", text: string | null): FieldValue {
  if (text === null) return null;
  if (kind === "boolean") return text === "T";
  if (kind === "text" || text === "") return text;
  const value = Number(text);
  if (Number.isNaN(value)) return text;
  return Number.isInteger(value) && text.includes(".") ? new Double(value) : value;
}

/**
 * Zeek writes bytes that would break the line as \xNN, a run of which may be one character of UTF-8, and a backslash as
 * two, so that the one is never taken for the other.
 */
function unescapeText(text: string): string {
  return text.replace(/\\\\|(?:\\x[0-9a-fA-F]{2})+/g, (run) => {
    if (run === "\\\\") return "\\";
    const bytes = Uint8Array.from(run.slice(2).split("\\x"), (code) => Number.parseInt(code, 16));
    return decoder.decode(bytes);
  });
}

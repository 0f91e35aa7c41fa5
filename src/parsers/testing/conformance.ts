import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import { makeContext } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import type { Message } from "../../core/message.ts";
import { type ParserName, parsers } from "../index.ts";
import { METRON_CLASSES, METRON_OPTIONS } from "../metron-classes.ts";
import { type Parse, type ParserDefinition, runParser } from "../parser.ts";
import { DEVIATIONS, type Observed, type ParserCase } from "./deviations.ts";

/** One line of a file of recorded cases, kind "parser". */
type CaseLine = {
  readonly id: string;
  readonly kind: string;
  readonly parser: string;
  readonly parserClass: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly grokPatterns?: readonly string[];
  readonly input?: string;
  readonly inputBase64?: string;
  readonly now: number;
  readonly tz: string;
  readonly error?: boolean;
  readonly errorScope?: string;
  readonly dropped?: boolean;
  readonly expect?: Message;
  readonly expectMessages?: readonly Message[];
  readonly expectLineErrors?: readonly string[];
  readonly expectAbsent?: readonly string[];
  readonly exact?: boolean;
  readonly orderDependent?: readonly string[];
};

type Verdict =
  | { readonly verdict: "passed" }
  | { readonly verdict: "deviated"; readonly name: string; readonly reason: string }
  | { readonly verdict: "failed"; readonly expected: string; readonly found: string };

/** Tells a case for `runParserCase` from other lines of a file of cases. */
export function isParserCase(line: unknown): line is CaseLine {
  return typeof line === "object" && line !== null && (line as { kind?: unknown }).kind === "parser";
}

/** Runs one recorded case of a parser of the original through our own. */
export function runParserCase(line: CaseLine): Verdict {
  const example: ParserCase = {
    id: line.id,
    parser: line.parser,
    input: line.input ?? "",
    config: line.config ?? {},
    error: line.error ?? false,
    errorScope: line.errorScope,
    messages: messagesOf(line),
    orderDependent: line.orderDependent ?? [],
  };
  const observed = observe(line);
  const difference = compare(line, observed);
  if (difference === undefined) return { verdict: "passed" };
  for (const { name, reason, explains } of DEVIATIONS) {
    if (explains(example, observed, difference.fields)) return { verdict: "deviated", name, reason };
  }
  return { verdict: "failed", expected: difference.expected, found: difference.found };
}

type Result = Observed & { readonly raws: readonly (string | undefined)[] };

function observe(line: CaseLine): Result {
  const record =
    line.inputBase64 === undefined
      ? (line.input ?? "")
      : Uint8Array.from(Buffer.from(line.inputBase64, "base64"));
  let parse: Parse;
  try {
    parse = openCase(line);
  } catch (error) {
    if (error instanceof Fault && error.code === "CONFIG_INVALID") {
      return { messages: [], reasons: [], raws: [], refused: error.message };
    }
    throw error;
  }
  const batch = new Batch();
  batch.load(blockOf([record], line.now), { topic: "case", partition: 0, offset: 0 });
  runParser(parse, batch);
  const messages: Message[] = [];
  for (let row = 0; row < batch.rows; row++) {
    if (batch.live[row] === 0) continue;
    messages.push(batch.message(row));
  }
  return {
    messages: messages.map((message) => ({
      ...message,
      original_string: message.original_string ?? batch.recordText(0),
    })),
    reasons: batch.rejected.map(({ rejection }) => rejection.reason),
    raws: batch.rejected.map(({ rejection }) => rejection.raw),
    refused: undefined,
  };
}

function openCase(line: CaseLine): Parse {
  const name = METRON_CLASSES[line.parserClass];
  const definition = parsers.find((parser) => parser.name === name) as unknown as
    | ParserDefinition
    | undefined;
  if (definition === undefined) throw new Error(`no parser for ${line.parserClass}`);
  const config: Record<string, unknown> = { ...METRON_OPTIONS[name as ParserName] };
  // The original ignores keys it does not know, and null; our documents refuse them.
  const known = (definition.config as unknown as { shape: object }).shape;
  for (const [key, value] of Object.entries(line.config ?? {})) {
    if (key in known && value !== null) config[key] = value;
  }
  // Pattern files named `vec:` come with the case.
  if (line.grokPatterns !== undefined) {
    config.patterns = line.grokPatterns;
    delete config.grokPath;
  }
  const checked = definition.config.safeParse(config);
  if (!checked.success) throw new Fault("CONFIG_INVALID", checked.error.message);
  return definition.open(checked.data, makeContext({ clock: { now: () => line.now }, timeZone: line.tz }));
}

type Difference = { readonly expected: string; readonly found: string; readonly fields: readonly string[] };

function compare(line: CaseLine, observed: Result): Difference | undefined {
  const found = show(observed);
  if (line.error === true && line.errorScope === "config") {
    return observed.refused !== undefined
      ? undefined
      : { expected: "a refused configuration", found, fields: [] };
  }
  const expected = messagesOf(line);
  const wanted = `${line.error === true ? "an error and " : ""}${JSON.stringify(expected)}`;
  const difference = { expected: wanted, found, fields: [] };
  if (observed.refused !== undefined || observed.messages.length !== expected.length) return difference;
  const fields = expected.flatMap((message, index) =>
    differingFields(line, message, observed.messages[index] as Message),
  );
  if ((line.error === true) !== observed.reasons.length > 0) return { ...difference, fields };
  if (line.expectLineErrors !== undefined && !sameLines(line, observed)) {
    const withErrors = `${wanted} with errors of ${JSON.stringify(line.expectLineErrors)}`;
    return { ...difference, expected: withErrors, fields };
  }
  return fields.length === 0
    ? undefined
    : { ...difference, found: `differs in ${fields.join()}: ${found}`, fields };
}

function messagesOf(line: CaseLine): readonly Message[] {
  return line.expectMessages ?? (line.expect === undefined ? [] : [line.expect]);
}

function sameLines(line: CaseLine, observed: Result): boolean {
  const raws = observed.raws.map((raw) => raw ?? line.input);
  return JSON.stringify([...raws].sort()) === JSON.stringify([...(line.expectLineErrors ?? [])].sort());
}

function differingFields(line: CaseLine, expected: Message, found: Message): string[] {
  const names = new Set(Object.keys(expected));
  if (line.exact === true) for (const name of Object.keys(found)) names.add(name);
  for (const name of line.expectAbsent ?? []) names.add(name);
  const differing: string[] = [];
  for (const name of names) {
    // The runner adds original_string after the parser: expected or not, ours is compared only with one that is there.
    if (name === "original_string" && expected[name] === undefined) continue;
    if (!isSame(expected[name], found[name])) differing.push(name);
  }
  return differing;
}

function isSame(expected: unknown, found: unknown): boolean {
  if (expected === undefined || found === undefined) return expected === found;
  return JSON.stringify(canonical(expected)) === JSON.stringify(canonical(found));
}

/** Keys sorted, big integers as the nearest number, as the recorded cases were read. */
function canonical(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null || "toJSON" in value) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item)]));
}

function show(observed: Result): string {
  if (observed.refused !== undefined) return `configuration refused: ${observed.refused}`;
  const errors = observed.reasons.length === 0 ? "" : `rejections ${JSON.stringify(observed.reasons)} and `;
  return errors + JSON.stringify(observed.messages.map(canonical));
}

import { isDeepStrictEqual } from "node:util";
import type { Message } from "../../core/message.ts";

/** A recorded case of the original, as far as deviations look at it. */
export type ParserCase = {
  readonly id: string;
  readonly parser: string;
  readonly input: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly error: boolean;
  readonly errorScope: string | undefined;
  /** What the original returns. */
  readonly messages: readonly Message[];
  readonly orderDependent: readonly string[];
};

/** What our parser gave for a case. */
export type Observed = {
  readonly messages: readonly Message[];
  readonly reasons: readonly string[];
  /** Why the configuration was refused, if it was. */
  readonly refused: string | undefined;
};

/** Where we differ from the original on purpose. */
export type Deviation = {
  readonly name: string;
  readonly reason: string;
  /** Whether a case that differs differs for this reason. `fields` are the fields that differ, when messages were compared. */
  readonly explains: (example: ParserCase, observed: Observed, fields: readonly string[]) => boolean;
};

export const DEVIATIONS: readonly Deviation[] = [
  {
    name: "hash order",
    reason:
      "the original builds this text in Java's hash order; we keep the record as it came, which is the truth and costs nothing",
    explains: (example, { messages }, fields) =>
      fields.length > 0 &&
      fields.every((field) => field === "original_string" && example.orderDependent.includes(field)) &&
      messages.every(
        ({ original_string: text }, index) =>
          text === recordOf(example) || isSameJson(text, example.messages[index]?.original_string),
      ),
  },
  {
    name: "framing",
    reason: "a line end at the end of a record belongs to the framing and not to the record",
    explains: (example, { messages }, fields) =>
      fields.length > 0 &&
      fields.every((field) => field === "original_string") &&
      messages.every((message) => message.original_string === recordOf(example)),
  },
  {
    name: "query refused early",
    reason: "a JSONPath with a mistake is refused with the configuration and not record by record",
    explains: (example, observed) =>
      example.parser === "JSONMAP" && example.error && observed.refused?.startsWith("jsonpQuery") === true,
  },
  {
    name: "pattern refused early",
    reason: "a Grok pattern that does not exist is refused with the configuration and not line by line",
    explains: (example, observed) =>
      example.parser === "GROK" && example.error && observed.refused?.startsWith("patternLabel") === true,
  },
  {
    name: "silent loss",
    reason:
      "the original loses what it cannot read without a trace; we keep it as a rejection with its reason",
    explains: (example, { messages, reasons }, fields) =>
      !example.error &&
      messages.length === example.messages.length &&
      fields.length === 0 &&
      reasons.length > 0,
  },
  {
    name: "one message, not the payload",
    reason: "the original loses all messages of a payload to one that fails; we reject that one alone",
    explains: (example, { messages, reasons }) =>
      example.error &&
      example.errorScope === "payload" &&
      example.messages.length === 0 &&
      messages.length > 0 &&
      reasons.length > 0,
  },
  {
    name: "blank record",
    reason:
      "the original makes a blank record a message without fields, which no validation passes; we reject it at once",
    explains: (example, observed) =>
      example.parser === "REGULAREXPRESSIONS" && example.input.trim() === "" && observed.reasons.length > 0,
  },
  {
    name: "bro null",
    reason: "the original fails on null while it builds original_string; we keep the record with its null",
    explains: (example, observed) =>
      isReadBro(example, observed) && Object.values(broPayload(example.input)).includes(null),
  },
  {
    name: "bro dates",
    reason: "Zeek can be told to write times as ISO dates, on which the original fails; we read them",
    explains: (example, observed) => {
      const { ts } = broPayload(example.input);
      return isReadBro(example, observed) && typeof ts === "string" && !Number.isNaN(Date.parse(ts));
    },
  },
  {
    name: "several bro logs",
    reason:
      "of several maps in a record the original takes the first in Java's hash order and loses the others; we reject the record, which keeps them all",
    explains: (example, { reasons }) =>
      example.parser === "BRO" &&
      !example.error &&
      reasons.some((reason) => reason.startsWith("the record holds several maps")),
  },
];

/** The record of a case as the framing delivers it. */
function recordOf({ input }: ParserCase): string {
  return input.replace(/\r?\n$/, "");
}

/** Whether two texts are JSON of the same map, whatever the order of its keys. */
export function isSameJson(left: unknown, right: unknown): boolean {
  const [first, second] = [jsonMap(left), jsonMap(right)];
  return Object.keys(first).length > 0 && isDeepStrictEqual(first, second);
}

function isReadBro(example: ParserCase, { messages, reasons }: Observed): boolean {
  return example.parser === "BRO" && example.error && messages.length === 1 && reasons.length === 0;
}

/** The payload of a Bro record: the record itself when it names its type, else what is under its first key. */
function broPayload(input: string): Readonly<Record<string, unknown>> {
  const record = jsonMap(input);
  const [first] = Object.values(record);
  return "type" in record || typeof first !== "object" || first === null ? record : { ...first };
}

/** The map that a text is JSON of; an empty one for other texts. */
function jsonMap(text: unknown): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

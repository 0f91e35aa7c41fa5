import type { Message } from "../core/message.ts";

/** A recorded case of the original, as far as deviations look at it. */
export type ParserCase = {
  readonly id: string;
  readonly parser: string;
  readonly input: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly error: boolean;
  /** How many messages the original gives. */
  readonly expected: number;
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
    explains: (example, _observed, fields) =>
      fields.length > 0 && fields.every((field) => example.orderDependent.includes(field)),
  },
  {
    name: "framing",
    reason: "a line end at the end of a record belongs to the framing and not to the record",
    explains: ({ input }, { messages }, fields) =>
      fields.length > 0 &&
      fields.every((field) => field === "original_string") &&
      messages.every((message) => message.original_string === input.replace(/\r?\n$/, "")),
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
    explains: (example, observed) =>
      !example.error &&
      example.expected === 0 &&
      observed.messages.length === 0 &&
      observed.reasons.length > 0,
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
      example.parser === "BRO" &&
      example.error &&
      observed.reasons.length === 0 &&
      example.input.includes("null"),
  },
];

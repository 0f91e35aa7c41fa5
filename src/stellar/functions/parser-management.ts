/** Parsers and grok patterns, tried out from an expression. */
import { StellarError } from "../language/error.ts";
import { defineServiceFunction, type Namespace } from "../language/function.ts";
import {
  type Collection,
  isCollection,
  type Opaque,
  StellarMap,
  toText,
  type Value,
} from "../values/value.ts";
import { readDocument, writeDocument } from "./document.ts";
import { drawTable } from "./text-table.ts";

/** What a text gave: messages, and error messages for what could not be parsed. */
type ParserOutcome = {
  readonly messages: readonly StellarMap[];
  readonly errors: readonly StellarMap[];
};

export type ParserAccess = {
  /** Opens a sensor's parser by Metron's configuration; throws a StellarError for a faulty one. */
  readonly open: (
    sensor: string,
    config: StellarMap,
    globals: StellarMap | undefined,
  ) => (text: string) => ParserOutcome;
};

export type GrokAccess = {
  /** Compiles a pattern; undefined when it is faulty. The result returns the captures of a text, undefined for no match. */
  readonly compile: (
    pattern: string,
  ) => ((text: string) => Readonly<Record<string, unknown>> | undefined) | undefined;
  /** A pattern that fits a text. */
  readonly discover: (text: string) => string;
};

declare module "../run/services.ts" {
  interface Services {
    readonly grok?: GrokAccess;
    readonly parsers?: ParserAccess;
  }
}

/** The parser of PARSER_INIT, which counts what it did. */
class ParserRunner implements Opaque {
  static readonly stellarType: string = "parser";
  readonly stellarType: string = "parser";
  readonly config: StellarMap;
  readonly #parse: (text: string) => ParserOutcome;
  #successful = 0;
  #failed = 0;

  constructor(config: StellarMap, parse: (text: string) => ParserOutcome) {
    this.config = config;
    this.#parse = parse;
  }
  parse(text: string): ParserOutcome {
    const outcome = this.#parse(text);
    this.#successful += outcome.messages.length;
    this.#failed += outcome.errors.length;
    return outcome;
  }
  toText(): string {
    return `Parser{${this.#successful} successful, ${this.#failed} error(s)}`;
  }
}

const PARSER = { name: "parser", type: ParserRunner, about: "The parser that PARSER_INIT gave." } as const;

const parserInit = defineServiceFunction({
  name: "PARSER_INIT",
  summary: "Opens a sensor's parser to try it out.",
  params: [
    { name: "sensor", type: "string", about: "Name of the sensor." },
    {
      name: "config",
      type: "any",
      about: "The parser's configuration as JSON or map, the published one unless given.",
      optional: true,
    },
  ],
  returns: "object",
  needs: ["parsers"],
  examples: [],
  call: ({ parsers, configuration }, sensor, config) => {
    if (sensor === null) throw new StellarError("the sensor must not be null");
    const document = configDocument(config) ?? readPublished(sensor, configuration?.read("PARSER", sensor));
    // A map is what the original also takes for the global configuration.
    const globals = config instanceof StellarMap ? config : undefined;
    return new ParserRunner(document, parsers.open(sensor, document, globals));
  },
});

const parserParse = defineServiceFunction({
  name: "PARSER_PARSE",
  summary: "Parses texts and gives the messages, followed by one error message for each text that failed.",
  params: [PARSER, { name: "input", type: "any", about: "A text, or a list of texts." }],
  returns: "list",
  needs: ["parsers"],
  examples: [],
  call: (_services, parser, input) => {
    const outcomes = textsOf(input).map((text) => existing(parser).parse(text));
    return [...outcomes.flatMap(({ messages }) => messages), ...outcomes.flatMap(({ errors }) => errors)];
  },
});

const parserConfig = defineServiceFunction({
  name: "PARSER_CONFIG",
  summary: "Gives the configuration of a parser as JSON.",
  params: [PARSER],
  returns: "string",
  needs: ["parsers"],
  examples: [],
  call: (_services, parser) => writeDocument(existing(parser).config),
});

const grokEval = defineServiceFunction({
  name: "GROK_EVAL",
  summary: "Applies a grok pattern to texts and draws what it captured as a table.",
  params: [
    { name: "pattern", type: "string", about: "The pattern." },
    { name: "input", type: "any", about: "A text, or a list of texts." },
  ],
  returns: "string",
  needs: ["grok"],
  examples: [],
  call: ({ grok }, pattern, input) => {
    if (pattern === null || input === null) return null;
    const captures = grok.compile(pattern);
    if (captures === undefined) return null;
    const rows = textsOf(input).map((text) => captures(text));
    const names = [...new Set(rows.flatMap((row) => Object.keys(row ?? {})))].sort();
    if (names.length === 0) return "NO MATCH";
    return drawTable({
      headers: names,
      rows: rows.map((row) => names.map((name) => String(row?.[name] ?? "MISSING"))),
    });
  },
});

const grokPredict = defineServiceFunction({
  name: "GROK_PREDICT",
  summary: "Proposes a grok pattern for a text.",
  params: [{ name: "input", type: "string", about: "The text." }],
  returns: "string",
  needs: ["grok"],
  examples: [],
  call: ({ grok }, input) => (input === null ? null : grok.discover(input)),
});

export const parserManagement: Namespace = {
  name: "parserManagement",
  summary: "Try out parsers and grok patterns.",
  functions: [grokEval, grokPredict, parserConfig, parserInit, parserParse],
};

function configDocument(config: Value | undefined): StellarMap | undefined {
  if (config === undefined) return undefined;
  return config instanceof StellarMap ? config : readDocument(config === null ? null : toText(config));
}

function readPublished(sensor: string, json: string | undefined): StellarMap {
  if (json === undefined)
    throw new StellarError(`there is no parser configuration of the sensor \`${sensor}\``);
  return readDocument(json);
}

function textsOf(input: Value): string[] {
  if (input === null) return [];
  const texts: Collection = isCollection(input) ? input : [input];
  return Array.from(texts, toText);
}

function existing(parser: ParserRunner | null): ParserRunner {
  if (parser === null) throw new StellarError("the parser must not be null");
  return parser;
}

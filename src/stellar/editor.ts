/**
 * Stellar in CodeMirror 6: highlighting, completion and inline mistakes, by the very lexer's words and the checker
 * that the server uses. Runs in the browser.
 */
import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { LanguageSupport, StreamLanguage, type StreamParser, type StringStream } from "@codemirror/language";
import { type Diagnostic as EditorDiagnostic, linter } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import { type CheckOptions, check } from "./check.ts";
import { type Completion, complete } from "./completion.ts";
import type { Environment } from "./environment.ts";
import { isKeyword } from "./lexer.ts";

export type EditorOptions = {
  /** The functions to complete and check against. */
  readonly environment: Environment;
  /** Fields that exist, each with a word on it; asked each time, as they may change. Unknown ones are reported. */
  readonly variables?: () => Iterable<readonly [name: string, detail: string]>;
  /** Whether the expression must give a boolean. */
  readonly predicate?: boolean;
};

/** All of the language for an editor: put it among the editor's extensions. */
export function stellar(options: EditorOptions): LanguageSupport {
  return new LanguageSupport(stellarLanguage, [
    autocompletion({ override: [stellarCompletions(options)] }),
    linterFor(options),
  ]);
}

type State = { quote: string | undefined };

const KINDS: Readonly<Record<Completion["kind"], string>> = {
  function: "function",
  variable: "variable",
  keyword: "keyword",
  magic: "keyword",
  help: "text",
};

const parser: StreamParser<State> = {
  name: "stellar",
  startState: () => ({ quote: undefined }),
  copyState: ({ quote }) => ({ quote }),
  token: (stream, state) =>
    state.quote === undefined ? plainToken(stream, state) : stringToken(stream, state),
  languageData: {
    commentTokens: { line: "//" },
    closeBrackets: { brackets: ["(", "[", "{", "'", '"'] },
  },
};

/** Highlighting alone. */
export const stellarLanguage = StreamLanguage.define(parser);

function plainToken(stream: StringStream, state: State): string | null {
  if (stream.eatSpace()) return null;
  if (stream.match("//")) {
    stream.skipToEnd();
    return "comment";
  }
  const quote = stream.peek();
  if (quote === "'" || quote === '"') {
    stream.next();
    state.quote = quote;
    return stringToken(stream, state);
  }
  if (stream.match(/^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[lLfFdD]?/)) return "number";
  if (stream.match(/^[A-Za-z_$][A-Za-z_.:0-9]*/)) return wordToken(stream);
  if (stream.match(/^(?:->|=>|==|!=|<=|>=|&&|\|\||[<>?:+\-*/])/)) return "operator";
  if (stream.match(/^[()[\]{}]/)) return "bracket";
  if (stream.match(/^,/)) return "punctuation";
  stream.next();
  return "invalid";
}

/** Strings may go over several lines. */
function stringToken(stream: StringStream, state: State): string {
  for (let unit = stream.next(); unit !== undefined; unit = stream.next()) {
    if (unit === "\\") stream.next();
    else if (unit === state.quote) {
      state.quote = undefined;
      break;
    }
  }
  return "string";
}

function wordToken(stream: StringStream): string {
  const word = stream.current();
  if (/^(?:true|TRUE|false|FALSE)$/.test(word)) return "bool";
  if (/^(?:null|NULL|NaN)$/.test(word)) return "null";
  if (isKeyword(word)) return "keyword";
  return stream.match(/^\s*\(/, false) ? "variableName.function" : "variableName";
}

/** The source of completions, for `autocompletion`. */
export function stellarCompletions(
  options: EditorOptions,
): (context: CompletionContext) => CompletionResult | null {
  const { environment, variables } = options;
  return (context) => {
    const found = complete(context.state.doc.toString(), context.pos, {
      registry: environment.registry,
      variables: variables?.() ?? [],
    });
    if (found.options.length === 0) return null;
    return {
      from: found.from,
      options: found.options.map((option, index) => ({
        label: option.text,
        type: KINDS[option.kind],
        detail: option.detail,
        // The order is ours: by beginning first.
        boost: -Math.min(index, 99),
      })),
    };
  };
}

function linterFor({ environment, variables, predicate }: EditorOptions): Extension {
  return linter((view) => {
    const text = view.state.doc.toString();
    const names = variables === undefined ? undefined : Array.from(variables(), ([name]) => name);
    const options: CheckOptions = {
      ...(names === undefined ? {} : { variables: names }),
      ...(predicate === undefined ? {} : { predicate }),
    };
    return editorDiagnostics(text, environment, options);
  });
}

/** The checker's diagnostics as CodeMirror takes them. */
export function editorDiagnostics(
  text: string,
  environment: Environment,
  options: CheckOptions,
): EditorDiagnostic[] {
  return check(text, environment, options).map(({ severity, message, span, suggestion }) => ({
    from: Math.min(span.start, text.length),
    to: Math.min(Math.max(span.end, span.start), text.length),
    severity,
    message: suggestion === undefined ? message : `${message}: ${suggestion}`,
    source: "stellar",
  }));
}

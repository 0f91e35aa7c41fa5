/**
 * Stellar in CodeMirror 6: highlighting by the very lexer's words, and completion. Runs in the browser, over a whole
 * text or over a stretch of another language's; the checker runs where all functions are.
 */
import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { StreamLanguage, type StreamParser, type StringStream } from "@codemirror/language";
import { isKeyword } from "../language/lexer.ts";
import { type Completion, type CompletionSources, complete } from "./completion.ts";

/** Where in the text of the editor an expression stands. */
export type Stretch = { readonly from: number; readonly to: number };

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

/**
 * The source of completions, for `autocompletion`.
 * @param sources asked for each time, as functions and fields come and go.
 * @param stretchAt the expression at a place, if one is there; the whole text when left out.
 */
export function stellarCompletions(
  sources: () => CompletionSources,
  stretchAt?: (place: number) => Stretch | undefined,
): (context: CompletionContext) => CompletionResult | null {
  return ({ state, pos }) => {
    const stretch = stretchAt === undefined ? { from: 0, to: state.doc.length } : stretchAt(pos);
    if (stretch === undefined) return null;
    const { from } = stretch;
    const found = complete(state.sliceDoc(from, stretch.to), pos - from, sources());
    if (found.options.length === 0) return null;
    return {
      from: from + found.from,
      options: found.options.map((option, index) => ({
        label: option.text,
        type: KINDS[option.kind],
        detail: option.detail,
        ...(option.about !== undefined && { info: option.about }),
        // The order is ours: by beginning first.
        boost: -Math.min(index, 99),
      })),
    };
  };
}

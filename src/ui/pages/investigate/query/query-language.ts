import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  startCompletion,
} from "@codemirror/autocomplete";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import type { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { fieldText, valueText } from "./query-text.ts";

/** What completion knows: fields, and the frequent values of a field in what is being looked at. */
export type QueryWords = {
  readonly fields: () => readonly { name: string; type: string; about: string }[];
  readonly values: (field: string) => Promise<readonly { value: string; count: number }[]>;
};

/** Colours only: the server is the one parser of queries. */
const language = StreamLanguage.define<{ field: boolean }>({
  startState: () => ({ field: false }),
  token(stream, state) {
    if (stream.eatSpace()) {
      state.field = false;
      return null;
    }
    if (stream.match(/^(AND|OR|NOT|TO)(?=[\s()\]}]|$)/) || stream.match(/^(&&|\|\||!)/)) return "keyword";
    if (stream.match(/^"(\\.|[^"\\])*"?/)) return "string";
    if (stream.match(/^\/(\\.|[^/\\])*\/?/)) return "regexp";
    if (stream.match(/^[()[\]{}]/)) return "bracket";
    if (!state.field && stream.match(/^(\\.|[^\s:()[\]{}"\\])+(?=:)/)) return "propertyName";
    if (stream.match(/^:/)) {
      state.field = true;
      return "punctuation";
    }
    if (stream.match(/^[<>]=?|^[~^*?+-]/)) return "operator";
    if (stream.match(/^-?\d+(\.\d+)?(?=[\s()\]}]|$)/)) return "number";
    stream.match(/^(\\.|[^\s:()[\]{}"\\~^*?])+/) || stream.next();
    return "atom";
  },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--query-operator)", fontWeight: "600" },
  { tag: tags.propertyName, color: "var(--query-field)" },
  { tag: [tags.string, tags.atom, tags.number, tags.regexp], color: "var(--query-value)" },
  { tag: [tags.punctuation, tags.bracket, tags.operator], color: "var(--ink-dim)" },
]);

export const queryLanguage = [language, syntaxHighlighting(colours)];

const EXISTS = { name: "_exists_", type: "", about: "Messages that have the field at all." };

/** Puts the field in with its colon, and offers its values at once. */
function applyField(view: EditorView, { label }: Completion, from: number, to: number): void {
  const text = `${label}:`;
  view.dispatch({ changes: { from, to, insert: text }, selection: { anchor: from + text.length } });
  startCompletion(view);
}

/** Completes field names, the values of a field, and the words that join clauses. */
export function queryCompletion(words: QueryWords) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const value = context.matchBefore(/(?:\\.|[^\s:()[\]{}"\\])+:"?(?:\\.|[^\s:()[\]{}"\\])*$/);
    if (value !== null) {
      const colon = value.text.search(/(?<!\\):/);
      const field = value.text
        .slice(0, colon)
        .replace(/^[+!-]/, "")
        .replace(/\\(.)/g, "$1");
      const options =
        field === EXISTS.name
          ? words
              .fields()
              .map(({ name, type }) => ({ label: fieldText(name), detail: type, type: "property" }))
          : (await words.values(field)).map(({ value: text, count }, rank) => ({
              label: valueText(text),
              detail: String(count),
              // The most frequent first, not the first in the alphabet.
              boost: 99 - rank,
              type: "text",
            }));
      if (context.aborted || options.length === 0) return null;
      return { from: value.from + colon + 1, options, validFor: /^"?(?:\\.|[^\s:()[\]{}"\\])*$/ };
    }
    const word = context.matchBefore(/(?:\\.|[^\s:()[\]{}"\\])+$/);
    if (word === null && !context.explicit) return null;
    const before = context.state.sliceDoc(0, word?.from ?? context.pos).trimEnd();
    const joins = before === "" || /(AND|OR|NOT|\()$/.test(before) ? [] : ["AND", "OR"];
    const negation = /(?:^|AND|OR|\()$/.test(before) ? ["NOT"] : [];
    return {
      from: word?.from ?? context.pos,
      options: [
        ...[...joins, ...negation].map((label) => ({ label, apply: `${label} `, type: "keyword", boost: 2 })),
        ...[...words.fields(), EXISTS].map(({ name, type, about }) => ({
          label: fieldText(name),
          apply: applyField,
          detail: type,
          type: "property",
          ...(about !== "" && { info: about }),
        })),
      ],
      validFor: /^(?:\\.|[^\s:()[\]{}"\\])*$/,
    };
  };
}

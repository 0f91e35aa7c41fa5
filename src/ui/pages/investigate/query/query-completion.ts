import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  startCompletion,
} from "@codemirror/autocomplete";
import type { EditorState } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import type { Token } from "../../../../query/reader.ts";
import { fieldText, valueText } from "../../../../query/to-text.ts";
import { tokensOf } from "../../../../query/tokens.ts";

/** What completion knows: fields, and the frequent values of a field in what is being looked at. */
export type QueryWords = {
  readonly fields: () => readonly { name: string; type: string; about: string }[];
  readonly values: (field: string) => Promise<readonly { value: string; count: number }[]>;
};

const EXISTS = { name: "_exists_", type: "", about: "Messages that have the field at all." };

/** Completes field names, the values of a field, and the words that join conditions. */
export function queryCompletion(words: QueryWords) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const { from, field, begins } = placeOf(context.state.sliceDoc(0, context.pos));
    if (field !== undefined) {
      const options = field === EXISTS.name ? names(words) : await values(words, field);
      if (context.aborted || options.length === 0) return null;
      return { from, options, validFor: isSameWord };
    }
    if (from === context.pos && !context.explicit) return null;
    return { from, options: [...joins(begins), ...conditions(words)], validFor: isSameWord };
  };
}

/** The end of a text: where its last word begins, the field whose value it is, and whether a condition begins with it. */
type End = { readonly from: number; readonly field: string | undefined; readonly begins: boolean };

function placeOf(text: string): End {
  const tokens = tokensOf(text).filter(({ kind }) => kind !== "wildcard");
  const last = tokens.at(-1);
  if (last?.kind === "sign" && last.field !== undefined)
    return { from: text.length, field: last.field, begins: false };
  if (last === undefined || last.to < text.length || !isWord(last, text))
    return { from: text.length, field: undefined, begins: isBeginning(last, text) };
  const before = tokens.at(-2);
  const field = last.kind === "value" ? last.field : last.kind === "field" ? before?.field : undefined;
  return { from: last.from, field, begins: isBeginning(before, text) };
}

/** AND may be the beginning of a field's name; `&&` and brackets are not. */
function isWord({ kind, from }: Token, text: string): boolean {
  return kind === "operator" ? /\w/.test(text[from] ?? "") : kind !== "sign";
}

function isBeginning(before: Token | undefined, text: string): boolean {
  return before === undefined || before.kind === "operator" || text[before.from] === "(";
}

function isSameWord(_: string, from: number, to: number, state: EditorState): boolean {
  return placeOf(state.sliceDoc(0, to)).from === from;
}

function names(words: QueryWords): Completion[] {
  return words.fields().map(({ name, type }) => ({ label: fieldText(name), detail: type, type: "property" }));
}

async function values(words: QueryWords, field: string): Promise<Completion[]> {
  return (await words.values(field)).map(({ value, count }, rank) => ({
    label: valueText(value),
    detail: String(count),
    // The most frequent first, not the first in the alphabet.
    boost: 99 - rank,
    type: "text",
  }));
}

/** The words that may be here: NOT before a condition, AND and OR behind one. */
function joins(begins: boolean): Completion[] {
  const labels = begins ? ["NOT"] : ["AND", "OR"];
  return labels.map((label) => ({ label, apply: `${label} `, type: "keyword", boost: 2 }));
}

function conditions(words: QueryWords): Completion[] {
  return [...words.fields(), EXISTS].map(({ name, type, about }) => ({
    label: name === EXISTS.name ? name : fieldText(name),
    apply: applyField,
    detail: type,
    type: "property",
    ...(about !== "" && { info: about }),
  }));
}

/** Puts the field in with its colon, and offers its values at once. */
function applyField(view: EditorView, { label }: Completion, from: number, to: number): void {
  const text = `${label}:`;
  view.dispatch({ changes: { from, to, insert: text }, selection: { anchor: from + text.length } });
  startCompletion(view);
}

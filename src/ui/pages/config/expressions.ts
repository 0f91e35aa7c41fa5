import { type Extension, Prec, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { highlightTree, tagHighlighter, tags } from "@lezer/highlight";
import { type Stretch, stellarLanguage } from "../../../stellar/editor/editor.ts";

/**
 * The Stellar expressions of a document in its editor: where they are is what the server says of the text, carried
 * along as the text changes until it says so again.
 */

/** Sets where expressions are in the text as it is now. */
export const setExpressions = StateEffect.define<readonly Stretch[]>();

const stretches = StateField.define<readonly Stretch[]>({
  create: () => [],
  update(known, { changes, docChanged, effects, newDoc }) {
    const set = effects.find((effect) => effect.is(setExpressions));
    if (set !== undefined) return set.value.filter(({ to }) => to <= newDoc.length);
    if (!docChanged) return known;
    // What is typed at either end of an expression belongs to it.
    return known
      .map(({ from, to }) => ({ from: changes.mapPos(from, -1), to: changes.mapPos(to, 1) }))
      .filter(({ from, to }) => from < to);
  },
});

/** The expression at a place of the text. */
export function expressionAt(view: EditorView["state"], place: number): Stretch | undefined {
  return view.field(stretches).find(({ from, to }) => from <= place && place <= to);
}

const words = tagHighlighter([
  { tag: tags.keyword, class: "stellar-keyword" },
  { tag: [tags.string, tags.number, tags.bool, tags.null], class: "stellar-value" },
  { tag: tags.comment, class: "stellar-comment" },
  { tag: tags.function(tags.variableName), class: "stellar-function" },
  { tag: tags.variableName, class: "stellar-field" },
  { tag: tags.invalid, class: "stellar-invalid" },
]);

function decorate({ state }: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const ordered = [...state.field(stretches)].sort((a, b) => a.from - b.from);
  for (const { from, to } of ordered) {
    const text = state.sliceDoc(from, to);
    builder.add(from, to, Decoration.mark({ class: "stellar" }));
    highlightTree(stellarLanguage.parser.parse(text), words, (begin, end, name) =>
      builder.add(from + begin, from + end, Decoration.mark({ class: name })),
    );
  }
  return builder.finish();
}

/** Keeps and colours the expressions. */
export const expressions: Extension = [
  stretches,
  // The marks of highest precedence are the innermost, and give the colour.
  Prec.highest(
    ViewPlugin.define(
      (view) => ({
        marks: decorate(view),
        update({ docChanged, transactions, view: now }: ViewUpdate) {
          const isSet = transactions.some(({ effects }) =>
            effects.some((effect) => effect.is(setExpressions)),
          );
          if (docChanged || isSet) this.marks = decorate(now);
        },
      }),
      { decorations: ({ marks }) => marks },
    ),
  ),
];

import { type EditorState, RangeSetBuilder, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import { tokensOf } from "../../../../query/tokens.ts";

const MARKS = {
  operator: Decoration.mark({ class: "query-operator" }),
  field: Decoration.mark({ class: "query-field" }),
  value: Decoration.mark({ class: "query-value" }),
  wildcard: Decoration.mark({ class: "query-sign" }),
  sign: Decoration.mark({ class: "query-sign" }),
};

/** Colours a query's parts by what the parser takes them for. */
export const queryColours = StateField.define<DecorationSet>({
  create: coloured,
  update: (marks, change) => (change.docChanged ? coloured(change.state) : marks),
  provide: (field) => EditorView.decorations.from(field),
});

function coloured(state: EditorState): DecorationSet {
  const marks = new RangeSetBuilder<Decoration>();
  for (const { kind, from, to } of tokensOf(state.doc.toString())) marks.add(from, to, MARKS[kind]);
  return marks.finish();
}

import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useEffectEvent, useRef } from "react";
import type { Diagnostic } from "../../../api/problem.ts";
import type { CompletionSources } from "../../../stellar/editor/completion.ts";
import { type Stretch, stellarCompletions } from "../../../stellar/editor/editor.ts";
import "../../parts/editor.css";
import { expressionAt, expressions, setExpressions } from "./expressions.ts";

type Props = {
  readonly label: string;
  /** The text to begin with; a new one starts a new editor. */
  readonly start: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Where expressions are in the text that was checked last; undefined while nobody can say. */
  readonly places: { readonly text: string; readonly expressions: readonly Stretch[] } | undefined;
  /** What expressions are completed with. */
  readonly words: () => CompletionSources;
  readonly onChange: (text: string) => void;
};

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--query-field)" },
  { tag: [tags.string, tags.content], color: "var(--query-value)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--query-operator)" },
  { tag: tags.comment, color: "var(--ink-dim)", fontStyle: "italic" },
]);

/** A document as an editor: its expressions coloured and completed as such, its mistakes underlined. */
export function YamlEditor({ label, start, diagnostics, places, words, onChange }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useEffectEvent(onChange);
  const known = useEffectEvent(() => words());

  useEffect(() => {
    if (host.current === null) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: start,
        extensions: [
          lineNumbers(),
          lintGutter(),
          history(),
          highlightActiveLine(),
          EditorView.lineWrapping,
          indentUnit.of("  "),
          yaml(),
          syntaxHighlighting(colours),
          expressions,
          autocompletion({
            override: [
              (context) => stellarCompletions(known, (place) => expressionAt(context.state, place))(context),
            ],
            icons: false,
            maxRenderedOptions: 60,
          }),
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed(update.state.doc.toString());
          }),
          // Escape before Tab leaves the editor: CodeMirror's own way out for the keyboard.
          keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
        ],
      }),
    });
    // A scrolling region must be reachable by the keyboard.
    editor.scrollDOM.tabIndex = 0;
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, [start, label]);

  useEffect(() => {
    const editor = view.current;
    // An answer about a text that has changed since comes too late; the next is on its way.
    if (editor === null || places === undefined || editor.state.doc.toString() !== places.text) return;
    editor.dispatch({ effects: setExpressions.of(places.expressions) });
  }, [places]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    const { doc } = editor.state;
    const found = diagnostics.map(({ line, column, length, message, suggestion, severity }) => {
      const { from, to } = doc.line(Math.max(1, Math.min(doc.lines, line)));
      const begin = Math.min(to, from + column - 1);
      const text = suggestion === undefined ? message : `${message}; ${suggestion}`;
      return { from: begin, to: Math.min(doc.length, begin + length), severity, message: text };
    });
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [diagnostics]);

  return <div ref={host} className="yaml-editor" />;
}

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  completionStatus,
  moveCompletionSelection,
  selectedCompletion,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { type Diagnostic, linter, setDiagnostics } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { useEffect, useEffectEvent, useImperativeHandle, useRef } from "react";
import "../../../parts/editor.css";
import { queryColours } from "./query-colours.ts";
import { type QueryWords, queryCompletion } from "./query-completion.ts";
import { mistakeIn, type QueryMistake } from "./query-mistake.ts";

export type QueryEditorHandle = { readonly focus: () => void };

type Props = {
  readonly text: string;
  readonly words: QueryWords;
  /** What is wrong with `text`. */
  readonly mistake: QueryMistake | undefined;
  readonly describedBy: string;
  readonly onRun: (text: string) => void;
  readonly onLeave: () => void;
  readonly ref?: React.Ref<QueryEditorHandle>;
};

/** Takes the chosen completion, or the first. Enter takes only a chosen one: otherwise it runs the query. */
function takeCompletion(view: EditorView): boolean {
  if (completionStatus(view.state) !== "active") return false;
  if (selectedCompletion(view.state) === null) moveCompletionSelection(true)(view);
  return acceptCompletion(view);
}

/** What is underlined in a text of this length. */
function diagnosticsOf(mistake: QueryMistake | undefined, length: number): Diagnostic[] {
  if (mistake === undefined || mistake.from > length) return [];
  const { from, to, message } = mistake;
  return [{ from, to: Math.min(length, to), severity: "error", message }];
}

/** The query as an editor: coloured, completed, checked when the typing pauses. Enter runs it. */
export function QueryEditor({ text, words, mistake, describedBy, onRun, onLeave, ref }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const run = useEffectEvent(onRun);
  const leave = useEffectEvent(onLeave);
  const fields = useEffectEvent(() => words.fields());
  const values = useEffectEvent((field: string) => words.values(field));
  const first = useEffectEvent(() => text);
  // Of the query that ran the server may know more than the parser: a field that nobody has.
  const check = useEffectEvent((typed: string) => (typed === text ? mistake : mistakeIn(typed)));

  useImperativeHandle(ref, () => ({ focus: () => view.current?.focus() }), []);

  useEffect(() => {
    if (host.current === null) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: first(),
        extensions: [
          history(),
          closeBrackets(),
          queryColours,
          linter(({ state }) => diagnosticsOf(check(state.doc.toString()), state.doc.length)),
          autocompletion({
            override: [queryCompletion({ fields, values })],
            icons: false,
            selectOnOpen: false,
            // Nobody takes a completion by accident: Enter runs the query unless one was chosen.
            interactionDelay: 0,
            maxRenderedOptions: 60,
          }),
          placeholder("Search: ip_src_addr:10.0.0.5 AND threat.triage.score:>50"),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({
            "aria-label": "Query",
            "aria-describedby": describedBy,
            spellcheck: "false",
            autocapitalize: "off",
          }),
          Prec.high(
            keymap.of([
              { key: "Tab", run: takeCompletion },
              { key: "Ctrl-Space", run: startCompletion },
            ]),
          ),
          keymap.of([
            ...completionKeymap,
            {
              key: "Enter",
              run: (target) => {
                closeCompletion(target);
                run(target.state.doc.toString());
                return true;
              },
            },
            {
              key: "Escape",
              run: (target) => {
                target.contentDOM.blur();
                leave();
                return true;
              },
            },
            ...closeBracketsKeymap,
            ...historyKeymap,
            ...defaultKeymap,
          ]),
        ],
      }),
    });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, [describedBy]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === text) return;
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: text },
      selection: { anchor: text.length },
    });
  }, [text]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    const found = diagnosticsOf(mistake, editor.state.doc.length);
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [mistake]);

  return <div ref={host} className="query-editor" />;
}

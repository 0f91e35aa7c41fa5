import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { highlightTree, tagHighlighter, tags } from "@lezer/highlight";
import { expect, test } from "vitest";
import { standardRegistry } from "../functions/index.ts";
import { functionLines } from "./completion.ts";
import { stellarCompletions, stellarLanguage } from "./editor.ts";

const highlighter = tagHighlighter([
  { tag: tags.keyword, class: "keyword" },
  { tag: tags.string, class: "string" },
  { tag: tags.number, class: "number" },
  { tag: tags.comment, class: "comment" },
  { tag: tags.bool, class: "bool" },
  { tag: tags.null, class: "null" },
  { tag: tags.operator, class: "operator" },
  { tag: tags.invalid, class: "invalid" },
  { tag: tags.function(tags.variableName), class: "function" },
  { tag: tags.variableName, class: "variable" },
]);

function highlight(text: string): string[] {
  const found: string[] = [];
  highlightTree(stellarLanguage.parser.parse(text), highlighter, (from, to, name) => {
    found.push(`${name} ${text.slice(from, to)}`);
  });
  return found;
}

test.each<[string, readonly string[]]>([
  ["x.y == 'a\\'b'", ["variable x.y", "operator ==", "string 'a\\'b'"]],
  ["TO_UPPER(x) // note", ["function TO_UPPER", "variable x", "comment // note"]],
  [
    "if true then 1.5 else null",
    ["keyword if", "bool true", "keyword then", "number 1.5", "keyword else", "null null"],
  ],
  ["'two\nlines'", ["string 'two", "string lines'"]],
  ["a # b", ["variable a", "invalid #", "variable b"]],
  ["True", ["variable True"]],
])("%j is highlighted", (text, expected) => {
  expect(highlight(text)).toEqual(expected);
});

const sources = () => ({
  functions: functionLines(standardRegistry),
  variables: [["ip_src_addr", "source address"]] as const,
});

test("completion offers fields and functions", () => {
  const state = EditorState.create({ doc: "not(ip_s" });
  const source = stellarCompletions(sources);
  const found = source(new CompletionContext(state, 8, false));
  expect(found?.from).toBe(4);
  expect(found?.options[0]).toMatchObject({
    label: "ip_src_addr",
    type: "variable",
    detail: "source address",
  });
  expect(source(new CompletionContext(state, 0, false))).toBeNull();
});

test("completion stays inside the expressions of a text of another language", () => {
  const doc = 'name: IN_\nrule: "IN_SUB"';
  const state = EditorState.create({ doc });
  const stretch = { from: doc.indexOf("IN_SUB"), to: doc.length - 1 };
  const source = stellarCompletions(sources, (place) =>
    place >= stretch.from && place <= stretch.to ? stretch : undefined,
  );
  expect(source(new CompletionContext(state, 9, false))).toBeNull();
  const found = source(new CompletionContext(state, stretch.to, false));
  expect(found?.from).toBe(stretch.from);
  expect(found?.options[0]?.label).toBe("IN_SUBNET(");
});

import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { expect, test } from "vitest";
import { queryCompletion } from "./query-completion.ts";

const asked = queryCompletion({
  fields: () => [
    { name: "protocol", type: "text", about: "" },
    { name: "user agent", type: "text", about: "" },
  ],
  values: async (field) => (field === "none" ? [] : [{ value: `${field} 1`, count: 3 }]),
});

/** What is offered at the end of a text, and from where on it would be replaced. */
async function offered(text: string, explicit = false) {
  const state = EditorState.create({ doc: text });
  const result = await asked(new CompletionContext(state, text.length, explicit));
  return result && [text.slice(result.from), ...result.options.map(({ label }) => label)];
}

const FIELDS = ["protocol", "user\\ agent", "_exists_"];

test.each([
  ["pro", ["pro", "NOT", ...FIELDS]],
  ["a:b AND pro", ["pro", "NOT", ...FIELDS]],
  ["a:b && (pro", ["pro", "NOT", ...FIELDS]],
  ["a:b o", ["o", "AND", "OR", ...FIELDS]],
  ["(a:b) AN", ["AN", "AND", "OR", ...FIELDS]],
  ["a:b AND", ["AND", "AND", "OR", ...FIELDS]],
  ["a:b ", null],
  ["", null],
  ["protocol:", ["", '"protocol 1"']],
  ["protocol:d", ["d", '"protocol 1"']],
  ['protocol:"d', ['"d', '"protocol 1"']],
  ["-protocol:d", ["d", '"protocol 1"']],
  ["a:(b OR c", ["c", '"a 1"']],
  ["user\\ agent:x", ["x", '"user agent 1"']],
  ["threat:triage:score:>5", ["5", '"threat:triage:score 1"']],
  ["none:x", null],
  ["_exists_:", ["", "protocol", "user\\ agent"]],
  ["a:b AND _exists_:pr", ["pr", "protocol", "user\\ agent"]],
])("behind %j", async (text, expected) => expect(await offered(text)).toEqual(expected));

test("where nothing is written yet, everything is offered when it is asked for", async () => {
  expect(await offered("", true)).toEqual(["", "NOT", ...FIELDS]);
  expect(await offered("a:b ", true)).toEqual(["", "AND", "OR", ...FIELDS]);
});

import { expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import type { Named } from "../core/component.ts";
import { makeContext } from "../core/context.ts";
import { Dictionary } from "../core/dictionary.ts";
import type { Message } from "../core/message.ts";
import { Rejection } from "../core/rejection.ts";
import { makeEnvironment } from "../stellar/run/environment.ts";
import { openTransforms } from "./index.ts";

/** What every transformation does with the rows of a batch, whatever it does to a message. */

const context = { ...makeContext(), environment: makeEnvironment(), variables: [] };

/** Each with a message that it changes, and the message after. */
const CASES: readonly (readonly [Named, Message, Message])[] = [
  [{ IP_PROTOCOL: { input: "p" } }, { p: 6 }, { p: "TCP" }],
  [
    { REGEX_SELECT: { input: "p", output: "t", config: { web: "^GET" } } },
    { p: "GET /" },
    { p: "GET /", t: "web" },
  ],
  [{ REMOVE: { input: ["p"] } }, { p: 1, q: 2 }, { q: 2 }],
  [{ REMOVE: { input: ["p"], config: { condition: "p == 1" } } }, { p: 1, q: 2 }, { q: 2 }],
  [{ RENAME: { p: "q" } }, { p: 1 }, { q: 1 }],
  [{ RENAME: { p: "q", q: "p" } }, { p: 1, q: "x" }, { p: "x", q: 1 }],
  [{ SELECT: { output: ["p"] } }, { p: 1, q: 2 }, { p: 1 }],
  [{ STELLAR: { p: "p + 1" } }, { p: 1 }, { p: 2 }],
];

function load(batch: Batch, messages: readonly Message[]): Batch {
  const block = blockOf(
    messages.map(() => "x"),
    0,
  );
  batch.load(block, { topic: "t", partition: 0, offset: 0 });
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  return batch;
}

test.each(CASES)("%j: a message that was rejected before stays as it was", (item, before, after) => {
  const batch = load(new Batch(), [before, before, before]);
  batch.reject(1, new Rejection("parser_error", "before"));
  openTransforms([item], context)(batch);
  expect({ ...batch.message(0) }).toStrictEqual(after);
  expect({ ...batch.message(1) }).toStrictEqual(before);
  expect({ ...batch.message(2) }).toStrictEqual(after);
  expect(batch.rejected).toHaveLength(1);
});

test.each(CASES)(
  "%j: works on small and large batches in turn, and on other messages beside",
  (item, before, after) => {
    const transform = openTransforms([item], context);
    const batch = new Batch(4);
    for (const count of [1, 3000, 2]) {
      const messages = Array.from({ length: count }, (_, row) => (row % 2 === 0 ? before : { other: row }));
      transform(load(batch, messages));
      for (const row of [0, count - 1]) {
        const isPlain = row % 2 === 1 && !("SELECT" in item);
        expect({ ...batch.message(row) }).toStrictEqual(
          row % 2 === 0 ? after : isPlain ? { other: row, ...leftOf(item) } : {},
        );
      }
      expect(batch.liveCount() + batch.rejected.length).toBe(count);
    }
  },
);

/** What an item makes of a message without its field: an expression over nothing has an answer too. */
function leftOf(item: Named): Message {
  return "STELLAR" in item ? { p: 1 } : {};
}

/** A selection keeps nothing of another message, and an expression over nothing has an answer. */
const ASK_FOR_A_FIELD = CASES.filter(([item]) => !("STELLAR" in item || "SELECT" in item));

test.each(ASK_FOR_A_FIELD)("%j: a batch without its field is left alone", (item) => {
  const batch = load(new Batch(), [{ other: 1 }, {}]);
  openTransforms([item], context)(batch);
  expect([0, 1].map((row) => ({ ...batch.message(row) }))).toStrictEqual([{ other: 1 }, {}]);
});

test("a field of words of another's dictionary is renamed, selected and named by its texts", () => {
  const batch = load(new Batch(), [{}, {}]);
  const words = new Dictionary();
  const column = batch.column("method");
  column.dictionary = words;
  for (const [row, word] of ["GET", "POST"].entries()) column.setWord(row, words.code(word));
  const items: Named[] = [
    { REGEX_SELECT: { input: "method", output: "kind", config: { read: "GET", write: "POST" } } },
    { RENAME: { method: "verb" } },
    { STELLAR: { both: "JOIN([verb, kind], ' ')" } },
  ];
  openTransforms(items, context)(batch);
  expect([0, 1].map((row) => ({ ...batch.message(row) }))).toStrictEqual([
    { verb: "GET", kind: "read", both: "GET read" },
    { verb: "POST", kind: "write", both: "POST write" },
  ]);
});

test("items run in the order they are written, also those of one entry", () => {
  const batch = load(new Batch(), [{ a: "x" }]);
  openTransforms([{ RENAME: { a: "b" }, STELLAR: { c: "b" } }, { REMOVE: { input: "b" } }], context)(batch);
  expect({ ...batch.message(0) }).toStrictEqual({ c: "x" });
});

import { expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { setOriginal, setSensor } from "./identity.ts";

function loaded(batch = new Batch()): Batch {
  batch.load(blockOf(["first\n", "second\r\n", "third"], 0), { topic: "t", partition: 0, offset: 0 });
  return batch;
}

test("every message says which sensor it is from, whatever it claimed, also in the batch of another", () => {
  const batch = loaded();
  batch.addMessage(0, { "source.type": "asa" });
  batch.addMessage(1, {});
  setSensor(batch, "web");
  expect([0, 1].map((row) => batch.message(row)["source.type"])).toEqual(["web", "web"]);
  loaded(batch).addRow(0);
  setSensor(batch, "dns");
  expect(batch.message(0)["source.type"]).toBe("dns");
});

test("a message without the original gets the record it was made of, without its line end", () => {
  const batch = loaded();
  batch.addMessage(1, {});
  batch.addMessage(0, { original_string: null });
  batch.addMessage(2, { original_string: "as a parser cut it" });
  batch.addMessage(2, { original_string: "" });
  batch.drop(batch.addMessage(2, {}));
  setOriginal(batch);
  expect([0, 1, 2, 3, 4].map((row) => batch.message(row).original_string)).toEqual([
    "second",
    "first",
    "as a parser cut it",
    "",
    undefined,
  ]);
});

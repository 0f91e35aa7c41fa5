import { expect, test } from "vitest";
import { z } from "zod";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { joined } from "../core/component.ts";
import type { Message } from "../core/message.ts";
import { defineEnrichment } from "./define.ts";
import { enrichments } from "./index.ts";
import { openEnrichments } from "./stages.ts";
import { enrichmentContext } from "./testing/context.ts";

const context = enrichmentContext({
  variables: [{ k: "configured", a: "hidden by the message" }],
  knownHosts: [{ ip: "10.1.1.1", type: "printer", local: "YES", empty: "" }],
});

function batchOf(...messages: Message[]): Batch {
  const batch = new Batch();
  const block = blockOf(
    messages.map(() => "x"),
    0,
  );
  batch.load(block, { topic: "t", partition: 0, offset: 0 });
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  return batch;
}

function enrich(document: Record<string, unknown>, ...messages: Message[]): Batch {
  const batch = batchOf(...messages);
  openEnrichments(document, context)(batch);
  return batch;
}

function first(document: Record<string, unknown>, message: Message): Message {
  return { ...enrich(document, message).message(0) };
}

test("host information goes below the field, and empty fields leave messages that had a task", () => {
  const batch = enrich({ host: ["ip"] }, { ip: "10.1.1.1", e: "", z: null }, { e: "", z: null });
  expect({ ...batch.message(0) }).toEqual({
    ip: "10.1.1.1",
    "enrichments.host.ip.known_info.type": "printer",
    "enrichments.host.ip.known_info.local": "YES",
  });
  expect({ ...batch.message(1) }).toEqual({ e: "", z: null });
});

test("an enrichment of a catalogue is known by its name, with its fields and options", () => {
  const twice = defineEnrichment({
    name: "twice",
    summary: "Adds a value written twice.",
    config: z.strictObject({ between: z.string().default("").describe("What stands between.") }),
    fields: [{ name: "text", meaning: "text", about: "Both." }],
    open: ({ between }) => ({ lookup: (value) => ({ text: value + between + value }) }),
  });
  const catalogue = joined(enrichments, [twice]);
  const batch = batchOf({ a: "x", b: "y" });
  openEnrichments({ twice: { fields: ["b"], config: { between: "-" } } }, context, catalogue)(batch);
  openEnrichments({ twice: ["a"] }, context, catalogue)(batch);
  expect(batch.message(0)).toMatchObject({
    "enrichments.twice.a.text": "xx",
    "enrichments.twice.b.text": "y-y",
  });
  expect(() => openEnrichments({ twice: { config: {} } }, context, catalogue)).toThrow("expected a list");
});

test("expressions run in order, groups apart, maps are taken apart, null and empty results vanish", () => {
  const message = { n: 5, a: "Up", gone: "kept" };
  expect(first({ stellar: ["x := n + 1", "y := x * 2", "x := null"] }, message)).toEqual({
    ...message,
    y: 12,
  });
  expect(first({ stellar: { x: "k", y: "a", gone: "null", a: "''" } }, message)).toEqual({
    n: 5,
    gone: "kept",
    x: "configured",
    y: "Up",
  });
  expect(first({ stellar: { g: { x: "n + 1" }, h: ["y := x"] } }, message)).toEqual({ ...message, x: 6 });
  expect(first({ stellar: { m: "{'a': 1, 'b': 'v'}", s: "MAP_GET('b', m)" } }, message)).toEqual({
    ...message,
    "m.a": 1,
    "m.b": "v",
    s: "v",
  });
});

test("expressions see the message as it came, not what else enriches it in the same stage", () => {
  const document = { host: ["ip"], stellar: { seen: "exists(enrichments.host.ip.known_info.type)" } };
  expect(first(document, { ip: "10.1.1.1" })).toMatchObject({ seen: false });
});

test("the results of expressions stand over what else enriches, wherever they are written", () => {
  const field = "enrichments.host.ip.known_info.type";
  const document = { stellar: { [field]: "'mine'" }, host: ["ip"] };
  expect(first(document, { ip: "10.1.1.1" })).toMatchObject({ [field]: "mine" });
});

test("a group that fails loses its results for that message alone, and says so", () => {
  const document = { stellar: { good: "n", g: { first: "n + 1", bad: "1 / n" } } };
  const batch = enrich(document, { "source.type": "s", n: 0 }, { "source.type": "s", n: 1 });
  expect({ ...batch.message(0) }).toEqual({ "source.type": "s", n: 0, good: 0 });
  expect({ ...batch.message(1) }).toEqual({ "source.type": "s", n: 1, good: 1, first: 2, bad: 1 });
  expect(batch.liveCount()).toBe(2);
  expect(batch.rejected.map(({ record, rejection }) => [record, rejection.type, rejection.raw])).toEqual([
    [0, "enrichments_error", '{"n":0,"source.type":"s"}'],
  ]);
});

test("mistakes are refused when opening", () => {
  expect(() => enrich({ nope: ["a"] })).toThrow("there is no enrichment `nope`");
  expect(() => enrich({ geo: "ip" })).toThrow("expected a list of fields, such as [ip_src_addr]");
  expect(() => enrich({ stellar: { a: "1 +" } })).toThrow("expression a, `1 +`");
  expect(() => enrich({ stellar: ["a = 1"] })).toThrow("expected `name := expression`");
});

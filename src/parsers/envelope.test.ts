import { expect, test } from "vitest";
import { type Attached, attach } from "../core/attached.ts";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { makeContext } from "../core/context.ts";
import { Rejection } from "../core/rejection.ts";
import { makeEnvironment } from "../stellar/run/environment.ts";
import { openTransforms } from "../transforms/index.ts";
import { openEnvelope, type RawConfig } from "./envelope.ts";

const none = () => ({});

/** Runs a parser over records that returns each payload as `text`. */
function unwrap(
  config: RawConfig,
  records: string[],
  metadata: Record<string, string> = {},
  attached?: Attached,
): Batch {
  const batch = new Batch();
  batch.load({ ...blockOf(records, 0), attached }, { topic: "t", partition: 0, offset: 0 });
  const parse = (payloads: Batch) => {
    for (let record = 0; record < payloads.records; record++) {
      const text = payloads.recordText(record);
      if (text === "") payloads.rejectRecord(record, new Rejection("parser_error", "empty"));
      else payloads.addMessage(record, { text, original_string: text });
    }
  };
  openEnvelope(config, parse, () => metadata)(batch);
  const list = [
    { RENAME: { "metron.metadata.hidden": "taken" } },
    { STELLAR: { seen: "metron.metadata.site" } },
  ];
  openTransforms(list, { ...makeContext(), environment: makeEnvironment(), variables: [] })(batch);
  return batch;
}

test("an envelope gives its payload to the parser and the rest as metadata", () => {
  const records = [
    '{"data":"a","site":"north","original_string":"outer"}',
    '{"nodata":1}',
    "no json",
    '{"data":{}}',
  ];
  const batch = unwrap({ strategy: "ENVELOPE", messageField: "data" }, records, { topic: "t1" });
  expect({ ...batch.message(0) }).toEqual({
    text: "a",
    original_string: "outer",
    seen: "north",
    "metron.metadata.site": "north",
    "metron.metadata.topic": "t1",
    "metron.metadata.original_string": "outer",
  });
  expect(batch.liveCount()).toBe(1);
  expect(batch.rejected.map(({ record }) => record)).toEqual([1, 2, 3]);
  expect(batch.recordText(2)).toBe("no json");
});

test("metadata that are not merged are seen by expressions alone; merged ones win over the message without an envelope", () => {
  const own = unwrap({ readMetadata: true }, ["x"], { site: "south", hidden: "yes" });
  expect({ ...own.message(0) }).toEqual({ text: "x", original_string: "x", seen: "south" });
  const merged = unwrap({ readMetadata: true, mergeMetadata: true, metadataPrefix: "" }, ["x"], {
    text: "meta",
  });
  expect(merged.message(0).text).toBe("meta");
  const envelope = unwrap({ strategy: "ENVELOPE", messageField: "m", metadataPrefix: "" }, [
    '{"m":"x","text":"meta"}',
  ]);
  expect(envelope.message(0).text).toBe("x");
  const both = unwrap({ strategy: "ENVELOPE", messageField: "m" }, ['{"m":"x","site":"own"}'], {
    site: "south",
  });
  expect(both.message(0)["metron.metadata.site"]).toBe("own");
});

test("ENVELOPE needs to know its field", () => {
  expect(() => openEnvelope({ strategy: "ENVELOPE" }, () => {}, none)).toThrow("`messageField` is missing");
  expect(() => openEnvelope({ strategy: "LETTER" } as never, () => {}, none)).toThrow("raw: strategy: ");
});

test("a batch holds the metadata of its own records, however many they are", () => {
  const batch = new Batch(4);
  const parse = (payloads: Batch) => {
    for (let record = 0; record < payloads.records; record++) payloads.addMessage(record, { n: record });
  };
  const open = openEnvelope({ strategy: "ENVELOPE", messageField: "m" }, parse, none);
  const load = (records: string[]) => {
    batch.load(blockOf(records, 0), { topic: "t", partition: 0, offset: 0 });
    open(batch);
  };
  const sites = () => batch.metadata.get("metron.metadata.site");
  load(['{"m":"x","site":"old","gone":1}']);
  load(Array.from({ length: 3000 }, (_, n) => `{"m":"x","site":"site ${n}"}`));
  expect(sites()?.text(0)).toBe("site 0");
  expect(sites()?.text(2999)).toBe("site 2999");
  expect(batch.metadata.get("metron.metadata.gone")?.touched).toBe(false);
  expect(batch.message(2999)["metron.metadata.site"]).toBe("site 2999");
});

test("keys and headers of a record are metadata: headers below the topic, and the key above both", () => {
  const attached = attach([
    {
      key: '{"site":"north","n":7,"deep":{"a":1},"topic":"of the key"}',
      headers: [
        { name: "site", value: Buffer.from("south") },
        { name: "origin", value: Buffer.from("käse") },
        { name: "gone", value: undefined },
      ],
    },
    { headers: [{ name: "topic", value: Buffer.from("of a header") }] },
    { key: "" },
    {},
  ]);
  const config: RawConfig = { readMetadata: true, mergeMetadata: true };
  const batch = unwrap(config, ["a", "b", "c", "d"], { topic: "t1" }, attached);
  const own = (text: string) => ({ text, original_string: text });
  expect([0, 1, 2, 3].map((row) => ({ ...batch.message(row) }))).toEqual([
    {
      ...own("a"),
      seen: "north",
      "metron.metadata.site": "north",
      "metron.metadata.n": 7,
      "metron.metadata.deep": { a: 1 },
      "metron.metadata.origin": "käse",
      "metron.metadata.topic": "of the key",
    },
    ...["b", "c", "d"].map((text) => ({ ...own(text), "metron.metadata.topic": "t1" })),
  ]);
});

test("a key that is no JSON map refuses its record alone, and with readMetadata alone", () => {
  const attached = attach([{ key: "10.0.0.1" }, { key: "[1]" }, { key: '{"site":"north"}' }]);
  const read = unwrap({ readMetadata: true }, ["a", "b", "c"], {}, attached);
  expect(
    read.rejected.map(({ record, rejection }) => [record, read.recordText(record), rejection.reason]),
  ).toEqual([
    [0, "a", expect.stringContaining("expected a JSON map as the key of the record")],
    [1, "b", "expected a JSON map as the key of the record"],
  ]);
  expect(read.liveCount()).toBe(1);
  expect(unwrap({}, ["a", "b", "c"], {}, attached).liveCount()).toBe(3);
});

test("an envelope wins over a key, and its message over both", () => {
  const attached = attach([{ key: '{"site":"north","text":"of the key","zone":"z"}' }]);
  const config: RawConfig = { strategy: "ENVELOPE", messageField: "m", metadataPrefix: "" };
  const batch = unwrap(config, ['{"m":"x","site":"south"}'], {}, attached);
  expect({ ...batch.message(0) }).toEqual({ text: "x", original_string: "x", site: "south", zone: "z" });
});

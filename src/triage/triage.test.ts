import { expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { Dictionary } from "../core/dictionary.ts";
import type { Message } from "../core/message.ts";
import { Rejection } from "../core/rejection.ts";
import { makeEnvironment } from "../stellar/run/environment.ts";
import { type Aggregator, aggregate } from "./aggregate.ts";
import { openTriage, triageConfig } from "./triage.ts";

function triage(config: unknown, messages: readonly Message[]): Batch {
  const batch = new Batch();
  batch.load(
    blockOf(
      messages.map(() => "x"),
      0,
    ),
    { topic: "t", partition: 0, offset: 0 },
  );
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  openTriage(config === undefined ? undefined : triageConfig.parse(config), {
    environment: makeEnvironment(),
    variables: [],
  })(batch);
  return batch;
}

test.each<[Aggregator, boolean, number[], number]>([
  ["MAX", true, [10, 5], 10],
  ["MAX", false, [-5, -7], 0],
  ["MIN", true, [10, 5], 5],
  ["MIN", false, [10, -5], -5],
  ["SUM", true, [10, 5], 15],
  ["SUM", true, [10, -1], Number.NEGATIVE_INFINITY],
  ["MEAN", true, [10, 5], 7.5],
  ["MEAN", false, [10, 0, -4, 6], 3],
  ["POSITIVE_MEAN", false, [10, 0, -4, 5], 7.5],
  ["POSITIVE_MEAN", true, [0], 0],
])("%s, negatives trump %s, of %j is %d", (aggregator, trump, scores, expected) => {
  expect(aggregate(scores, aggregator, trump)).toBe(expected);
});

test.each<[Message, unknown]>([
  [{ is_alert: "true" }, "true"],
  [{ is_alert: "TRUE" }, "true"],
  [{ is_alert: "yes" }, "true"],
  [{ is_alert: 1 }, "true"],
  [{ is_alert: true }, "true"],
  [{ is_alert: "perhaps" }, "true"],
  [{ is_alert: false }, undefined],
  [{ is_alert: "false", "threatintels.hbaseThreatIntel.ip.x": "alert" }, undefined],
  [{ "threatintels.hbaseThreatIntel.ip.x": "alert" }, "true"],
  [{ "threatintels.some.begin.ts": "1" }, undefined],
  [{ a: 1 }, undefined],
])("%j: is_alert becomes %s", (message, expected) => {
  expect(triage(undefined, [message]).message(0).is_alert).toBe(expected);
});

test("writes score, name, comment, score text and reason of each match in order", () => {
  const rules = [
    { name: "never", rule: "a > 9", score: 50 },
    { name: "expression", comment: "why", rule: "a == 1", score: "a * 2.5", reason: "a" },
    { rule: "exists(b)", score: 1, reason: "no_such" },
    { name: "twice", rule: "exists(b)", score: 100 },
  ];
  const batch = triage({ aggregator: "SUM", rules }, [
    { is_alert: "true", a: 1, b: "x" },
    { a: 1, b: "x" },
    { is_alert: "true", a: 7 },
  ]);
  expect({ ...batch.message(0) }).toEqual({
    is_alert: "true",
    a: 1,
    b: "x",
    "threat.triage.score": 3.5,
    "threat.triage.rules.0.name": "expression",
    "threat.triage.rules.0.comment": "why",
    "threat.triage.rules.0.score": "a * 2.5",
    "threat.triage.rules.0.points": 2.5,
    "threat.triage.rules.0.reason": "1",
    "threat.triage.rules.1.name": null,
    "threat.triage.rules.1.comment": null,
    "threat.triage.rules.1.score": "1",
    "threat.triage.rules.1.reason": null,
  });
  expect({ ...batch.message(1) }).toEqual({ a: 1, b: "x" });
  expect({ ...batch.message(2) }).toEqual({ a: 7, is_alert: "true" });
});

test("an imported document gets the text of a computed score alone, as the original writes it", () => {
  const batch = triage({ points: false, rules: [{ rule: "true", score: "a * 2" }] }, [
    { is_alert: "true", a: 4 },
  ]);
  expect(batch.message(0)["threat.triage.score"]).toBe(8);
  expect("threat.triage.rules.0.points" in batch.message(0)).toBe(false);
});

test("a rule that fails on a message rejects that message alone, with the rule's name", () => {
  const batch = triage({ rules: [{ name: "odd", rule: "a", score: 5 }] }, [
    { is_alert: "true", a: 1 },
    { is_alert: "true", a: true },
  ]);
  expect([...batch.live.subarray(0, 2)]).toEqual([0, 1]);
  expect(batch.rejected[0]?.rejection).toMatchObject({
    type: "threatintel_error",
    reason: expect.stringContaining('predicate of triage rule "odd"'),
  });
  expect(batch.message(1)["threat.triage.score"]).toBe(5);
  expect(batch.message(0)["threat.triage.score"], "what is rejected is not scored").toBeUndefined();
});

test("a batch larger than any before, and a smaller one after it, are scored row by row", () => {
  const stage = openTriage(triageConfig.parse({ rules: [{ rule: "n >= 0", score: "n" }] }), {
    environment: makeEnvironment(),
    variables: [],
  });
  const batch = new Batch();
  const scores = (count: number, isAlert: (row: number) => boolean): unknown[] => {
    batch.load(
      blockOf(
        Array.from({ length: count }, () => "x"),
        0,
      ),
      { topic: "t", partition: 0, offset: 0 },
    );
    for (let n = 0; n < count; n++) batch.addMessage(n, { n, ...(isAlert(n) ? { is_alert: "true" } : {}) });
    stage(batch);
    return Array.from({ length: count }, (_, row) => batch.message(row)["threat.triage.score"]);
  };
  const odd = (row: number) => row % 2 === 1;
  const wanted = (count: number, isAlert: (row: number) => boolean) =>
    Array.from({ length: count }, (_, row) => (isAlert(row) ? row : undefined));
  expect(scores(3000, odd)).toEqual(wanted(3000, odd));
  expect(scores(5, (row) => row === 4)).toEqual(wanted(5, (row) => row === 4));
});

test.each([
  [undefined, Number.NEGATIVE_INFINITY],
  [true, Number.NEGATIVE_INFINITY],
  ["true", Number.NEGATIVE_INFINITY],
  [false, 10],
  ["false", 10],
])("negativeValuesTrump %s", (negativeValuesTrump, expected) => {
  const rules = [
    { rule: "true", score: 10 },
    { rule: "1 == 1", score: -5 },
  ];
  const aggregation = negativeValuesTrump === undefined ? {} : { aggregation: { negativeValuesTrump } };
  const batch = triage({ ...aggregation, rules }, [{ is_alert: "true" }]);
  expect(batch.message(0)["threat.triage.score"]).toBe(expected);
});

test("of two rules with one predicate the first counts; a message that was rejected before is left alone", () => {
  const rules = [
    { name: "first", rule: "exists(a)", score: 1 },
    { name: "second", rule: "exists(a)", score: 2 },
  ];
  const batch = triage({ aggregator: "SUM", rules }, [{ is_alert: "true", a: 1 }]);
  expect(batch.message(0)).toMatchObject({ "threat.triage.score": 1, "threat.triage.rules.0.name": "first" });
  const late = new Batch();
  late.load(blockOf(["x", "y"], 0), { topic: "t", partition: 0, offset: 0 });
  late.addMessage(0, { is_alert: "true", a: 1 });
  late.addMessage(1, { is_alert: "true", a: 1 });
  late.reject(0, new Rejection("parser_invalid", "before"));
  openTriage(triageConfig.parse({ rules }), { environment: makeEnvironment(), variables: [] })(late);
  expect(late.message(0)["threat.triage.score"]).toBeUndefined();
  expect(late.message(1)["threat.triage.score"]).toBe(1);
});

test("a message whose own is_alert says nothing is judged by its hits, and one that was rejected is no alert", () => {
  const hit = { "threatintels.hbaseThreatIntel.ip.x": "alert" };
  const batch = triage(undefined, [
    { is_alert: null, ...hit },
    { is_alert: null },
    { threatintels: "x" },
    { "other.threatintels.x": "x" },
    { "threatintels.x": null },
  ]);
  const alerts = Array.from({ length: batch.rows }, (_, row) => batch.message(row).is_alert);
  expect(alerts).toEqual(["true", null, "true", undefined, "true"]);
});

test("is_alert keeps what others wrote in words of their own", () => {
  const batch = new Batch();
  batch.load(blockOf(["x", "y", "z"], 0), { topic: "t", partition: 0, offset: 0 });
  const words = new Dictionary();
  const column = batch.column("is_alert");
  column.dictionary = words;
  for (const [record, word] of ["yes", "false", "no idea"].entries())
    column.setWord(batch.addRow(record), words.code(word));
  openTriage(undefined, { environment: makeEnvironment(), variables: [] })(batch);
  expect([0, 1, 2].map((row) => batch.message(row).is_alert)).toEqual(["true", undefined, "true"]);
});

test("another version of a document writes its own words into the batch of the one before", () => {
  const batch = new Batch();
  const score = (name: string) => {
    batch.load(blockOf(["x"], 0), { topic: "t", partition: 0, offset: 0 });
    batch.addMessage(0, { is_alert: "true" });
    const rules = [
      { rule: "1 == 2", score: 1, name: `${name} never` },
      { rule: "true", score: 3, name, comment: `${name}'s comment` },
    ];
    const stage = openTriage(triageConfig.parse({ rules }), {
      environment: makeEnvironment(),
      variables: [],
    });
    stage(batch);
    return batch.message(0);
  };
  for (const name of ["first", "second"])
    expect(score(name)).toMatchObject({
      "threat.triage.rules.0.name": name,
      "threat.triage.rules.0.comment": `${name}'s comment`,
      "threat.triage.rules.0.score": "3",
    });
});

test.each<[reason: string, text: string | null]>([
  ["a", "7"],
  ["TO_UPPER(b)", "X"],
  ["[a, b]", "[7, x]"],
  ["FORMAT('%s of %s', a, b)", "7 of x"],
  ["no_such", null],
])("the reason %s reads %s", (reason, text) => {
  const batch = triage({ rules: [{ rule: "true", score: 1, reason }] }, [{ is_alert: "true", a: 7, b: "x" }]);
  expect(batch.rejected).toEqual([]);
  expect(batch.message(0)["threat.triage.rules.0.reason"]).toBe(text);
});

test.each<[rule: object, said: string]>([
  [{ name: "nothing", rule: "no_such", score: 5 }, 'predicate of triage rule "nothing": it is null'],
  [{ name: "worse", rule: "true", score: "a / 0" }, 'score of triage rule "worse": division by zero'],
  [{ rule: "a == 1", score: "b" }, 'score of triage rule "a == 1": x is not a number'],
])("%j rejects the alert, and says which part failed", (rule, said) => {
  const rules = [{ rule: "exists(a)", score: 3 }, rule];
  const batch = triage({ rules }, [{ is_alert: "true", a: 1, b: "x" }, { a: 1 }]);
  expect([...batch.live.subarray(0, 2)], "what is no alert is not asked").toEqual([0, 1]);
  expect(batch.rejected).toHaveLength(1);
  expect(batch.rejected[0]?.rejection.reason).toBe(said);
  expect(batch.message(0)["threat.triage.score"], "of what is rejected").toBeUndefined();
});

test("a reason that fails explains nothing, and the message keeps its score", () => {
  const rules = [{ rule: "true", score: 4, reason: "a / 0" }];
  const batch = triage({ rules }, [{ is_alert: "true", a: 1 }]);
  expect(batch.rejected).toEqual([]);
  expect(batch.message(0)).toMatchObject({
    "threat.triage.score": 4,
    "threat.triage.rules.0.reason": null,
  });
});

test.each<[score: string | number, points: number, isComputed: boolean]>([
  [12.25, 12.25, false],
  ["12.25", 12.25, false],
  ["-3", -3, false],
  ["100", 100, false],
  ["2 * 3", 6, true],
  ["a", 7, true],
  ["1.5 + a", 8.5, true],
])("the score %j comes to %d, and points stand beside it: %s", (score, points, isComputed) => {
  const config = { aggregation: { negativeValuesTrump: false }, aggregator: "SUM" };
  const batch = triage({ ...config, rules: [{ rule: "true", score }] }, [{ is_alert: "true", a: 7 }]);
  const message = batch.message(0);
  expect(message["threat.triage.score"]).toBe(points);
  expect(message["threat.triage.rules.0.score"]).toBe(String(score));
  expect(message["threat.triage.rules.0.points"]).toBe(isComputed ? points : undefined);
});

test("rules see the variables behind those of the message, and the same stage serves another batch", () => {
  const rules = [{ rule: "a == site", score: "a * 2", reason: "site" }];
  const stage = openTriage(triageConfig.parse({ rules }), {
    environment: makeEnvironment(),
    variables: [{ site: 7 }],
  });
  const scored = (a: number) => {
    const batch = new Batch();
    batch.load(blockOf(["x"], 0), { topic: "t", partition: 0, offset: 0 });
    batch.addMessage(0, { is_alert: "true", a });
    stage(batch);
    return batch.message(0)["threat.triage.score"];
  };
  expect([7, 8, 7].map(scored)).toEqual([14, undefined, 14]);
});

test("a message that was rejected is no alert, whatever it says", () => {
  const batch = new Batch();
  batch.load(blockOf(["x", "y"], 0), { topic: "t", partition: 0, offset: 0 });
  for (const record of [0, 1]) batch.addMessage(record, { "threatintels.some.x": "hit" });
  batch.reject(0, new Rejection("parser_invalid", "before"));
  openTriage(undefined, { environment: makeEnvironment(), variables: [] })(batch);
  expect([0, 1].map((row) => batch.message(row).is_alert)).toEqual([undefined, "true"]);
});

test("an alert that no rule matches has no score and no rules", () => {
  const batch = triage({ rules: [{ rule: "a > 1", score: 1 }] }, [{ is_alert: "true", a: 1 }]);
  expect({ ...batch.message(0) }).toStrictEqual({ is_alert: "true", a: 1 });
});

test("a score that is no number rejects the message", () => {
  const batch = triage({ rules: [{ rule: "true", score: "no_such" }] }, [{ is_alert: "true" }]);
  expect(batch.rejected[0]?.rejection.reason).toBe('score of triage rule "true": null is not a number');
});

test.each([
  [{ rule: "a ==", score: 5 }, "rule of a triage rule, `a ==`", "a =="],
  [{ rule: "a", score: "b +" }, "score of a triage rule, `b +`", "b +"],
  [{ rule: "a", score: 1, reason: "(c" }, "reason of a triage rule, `(c`", "(c"],
])("%j is refused before any message comes, with the place", (rule, said, expression) => {
  const open = () => triage({ rules: [rule] }, []);
  expect(open).toThrow(said);
  expect(open).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      details: { expression, start: expect.any(Number), end: expect.any(Number) },
    }),
  );
});

test("an aggregator is spelt as the original spells it", () => {
  expect(() => triage({ aggregator: "max" }, [])).toThrow("aggregator");
});

import { describe, expect, test } from "vitest";
import { compile } from "../run/compile.ts";
import { type Environment, layered, makeEnvironment } from "../run/environment.ts";
import { fromMessage, StellarMap, toMessage, type Value } from "../values/value.ts";

const QUARTER = 15 * 60_000;
/** The end of period 1669629 by the clock. */
const NOW = 1669630 * QUARTER - 1;

/** A session of the shell: what it is told one after the other, with the variables it keeps. */
class Bench {
  readonly failures: string[] = [];
  readonly #variables = new Map<string, Value>();
  readonly #environment: Environment;

  constructor(globals: Record<string, unknown> = {}) {
    const settings = fromMessage(globals);
    this.#environment = makeEnvironment({
      services: {
        now: () => NOW,
        globals: () => (settings instanceof StellarMap ? settings : new StellarMap()),
        evaluate: (expression, variables) => compile(expression, this.#environment).evaluate(variables),
        warn: (_sentence, { error }) => void this.failures.push(String(error)),
      },
    });
  }

  set(name: string, value: unknown): void {
    this.#variables.set(name, fromMessage(value));
  }

  run(expression: string): unknown {
    const plain = toMessage(compile(expression, this.#environment).evaluate(layered(this.#variables)));
    return JSON.parse(
      JSON.stringify(plain, (_key, value) => (typeof value === "bigint" ? Number(value) : value)),
    );
  }

  /** Profiles and batches of messages; the measurements after each batch. */
  measure(profiles: unknown, ...batches: readonly (readonly Record<string, unknown>[])[]): unknown[] {
    this.#variables.set(
      "profiler",
      compile("PROFILER_INIT(text)", this.#environment).evaluate(layered({ text: JSON.stringify(profiles) })),
    );
    return batches.map((messages) => {
      this.set("messages", messages);
      return this.run("PROFILER_FLUSH(PROFILER_APPLY(messages, profiler))");
    });
  }
}

function counting(changes: Record<string, unknown> = {}) {
  return {
    profiles: [
      {
        profile: "hello",
        foreach: "ip",
        init: { count: 0 },
        update: { count: "count + 1" },
        result: "count",
        ...changes,
      },
    ],
  };
}

const A = { ip: "10.0.0.1" };
const B = { ip: "10.0.0.2" };
const values = (measured: unknown) => (measured as { value: unknown }[]).map(({ value }) => value);

test("each entity is measured, with its period", () => {
  const [measured] = new Bench().measure(counting(), [A, B, A]);
  const period = { period: 1669629, start: 1502666100000, duration: QUARTER, end: 1502667000000 };
  expect(measured).toEqual([
    { profile: "hello", entity: "10.0.0.1", value: 2, groups: [], period },
    { profile: "hello", entity: "10.0.0.2", value: 1, groups: [], period },
  ]);
});

test("what a session sees of a profiler", () => {
  const bench = new Bench();
  bench.measure(counting({ onlyif: "ip != '10.0.0.2'" }), [A, B, A]);
  expect(bench.run("TO_STRING(profiler)")).toBe("Profiler{1 profile(s), 3 messages(s), 2 route(s)}");
});

describe("a period", () => {
  test("without messages measures nothing", () => {
    expect(new Bench().measure(counting(), [A], []).map(values)).toEqual([[1], []]);
  });

  test("begins with `init`, and keeps what `init` does not set", () => {
    const begun = new Bench().measure(counting(), [A, A], [A]);
    expect(begun.map(values)).toEqual([[2], [1]]);
    const kept = new Bench().measure(counting({ init: {} }), [A, A], [A]);
    expect(kept.map(values)).toEqual([[2], [3]]);
  });

  test("is that of the latest message, by the field that says when it happened", () => {
    const profiles = { ...counting(), timestampField: "timestamp" };
    const at = (timestamp: unknown) => ({ ...A, timestamp });
    const [measured] = new Bench().measure(profiles, [at(2 * QUARTER), at("900000"), at("soon"), A]);
    expect(measured).toMatchObject([{ value: 2, period: { period: 2, start: 2 * QUARTER } }]);
  });

  test("is as long as the global configuration says", () => {
    const globals = {
      "profiler.client.period.duration": "1",
      "profiler.client.period.duration.units": "HOURS",
    };
    const [measured] = new Bench(globals).measure(counting(), [A]);
    expect(measured).toMatchObject([{ period: { period: 417407, duration: 3_600_000 } }]);
  });
});

describe("expressions", () => {
  test("a result of null leaves a variable as it was", () => {
    const profiles = counting({ init: { last: "'none'" }, update: { last: "host" }, result: "last" });
    const [measured] = new Bench().measure(profiles, [{ ...A, host: "www" }, A]);
    expect(values(measured)).toEqual(["www"]);
  });

  test("variables of a profile hide fields of the same name, and later ones see earlier ones", () => {
    const profiles = counting({ init: { n: 1 }, update: { m: "n + 1" }, result: "[n, m]" });
    expect(values(new Bench().measure(profiles, [{ ...A, n: 7 }])[0])).toEqual([[1, 2]]);
  });

  test("the result sees the profile's variables and no message", () => {
    const bench = new Bench();
    expect(bench.measure(counting({ result: "ip" }), [A])).toEqual([[]]);
    expect(bench.failures).toEqual(["the profile hello has no value for `ip`"]);
  });

  test("groups see the measurement", () => {
    const groupBy = ["profile", "entity", "start", "end - start", "result"];
    const [measured] = new Bench().measure(counting({ groupBy }), [A]);
    expect(measured).toMatchObject([{ groups: ["hello", "10.0.0.1", 1502666100000, QUARTER, 1] }]);
  });

  test("without a value for triage or a group there is no measurement", () => {
    const result = { profile: "count", triage: { most: "null" } };
    expect(new Bench().measure(counting({ result }), [A])).toEqual([[]]);
    expect(new Bench().measure(counting({ groupBy: ["nobody"] }), [A])).toEqual([[]]);
  });
});

describe("failures", () => {
  test("of one profile do not stop another", () => {
    const [broken] = counting({ foreach: "nobody" }).profiles;
    const [sound] = counting().profiles;
    const bench = new Bench();
    expect(bench.measure({ profiles: [broken, sound] }, [A]).map(values)).toEqual([[1]]);
    expect(bench.failures).toEqual(["`nobody` names no entity"]);
  });

  test("of a condition skip the message", () => {
    const bench = new Bench();
    expect(bench.measure(counting({ onlyif: "maybe" }), [A])).toEqual([[]]);
    expect(bench.failures).toEqual(["`maybe` gives neither true nor false"]);
  });

  test("of `init` are tried again with the next message", () => {
    const profiles = counting({ init: { count: "10 / size" } });
    expect(new Bench().measure(profiles, [A, { ...A, size: 5 }]).map(values)).toEqual([[3]]);
  });
});

test.each([
  ["a message as JSON", `PROFILER_APPLY('{"ip" : "a"}', profiler)`, 1],
  ["a JSON array", `PROFILER_APPLY('[{"ip" : "a"}, {"ip" : "b"}]', profiler)`, 2],
  ["a list of texts", `PROFILER_APPLY(['{"ip" : "a"}', '{"ip" : "b"}'], profiler)`, 2],
  ["a map", "PROFILER_APPLY({'ip' : 'a'}, profiler)", 1],
])("%s is applied", (_what, expression, entities) => {
  const bench = new Bench();
  bench.measure(counting());
  expect(bench.run(`PROFILER_FLUSH(${expression})`)).toHaveLength(entities);
});

test.each([
  ["PROFILER_INIT(null)", "must not be null"],
  ["PROFILER_INIT('{')", "JSON"],
  ["PROFILER_INIT('[]')", "must be a map"],
  [`PROFILER_INIT('{"profiles" : [{"profile" : "p", "result" : "1"}]}')`, "a profile needs `foreach`"],
  [`PROFILER_INIT('{"profiles" : [{"profile" : "p", "foreach" : "ip"}]}')`, "a profile needs `result`"],
  [
    `PROFILER_INIT('{"profiles" : [{"profile" : "p", "foreach" : "ip", "result" : {"triage" : {}}}]}')`,
    "the result of p needs `profile`",
  ],
  ["PROFILER_APPLY(null, PROFILER_INIT('{}'))", "a message must be a map or its JSON, not null"],
  ["PROFILER_APPLY(['{}', 5], PROFILER_INIT('{}'))", "not an int"],
  ["PROFILER_APPLY('{}', null)", "there is no profiler"],
])("%s is refused", (expression, message) => {
  expect(() => new Bench().run(expression)).toThrow(message);
});

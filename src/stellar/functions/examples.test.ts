import { expect, test } from "vitest";
import type { StellarFunction } from "../language/function.ts";
import { parse } from "../language/parser.ts";
import { compile } from "../run/compile.ts";
import { layered, makeEnvironment } from "../run/environment.ts";
import { walk } from "../run/walk.ts";
import { toMessage } from "../values/value.ts";
import { functions, namespaces } from "./index.ts";

const NOW = Date.UTC(2016, 0, 5, 12);
const environment = makeEnvironment({ services: { now: () => NOW, timeZone: "UTC" } });

/** An example with a service of its own in its file's test is not run here. */
const runnable = functions.filter((definition) => definition.needs.length === 0);

test.each(runnable.map((definition) => [definition.name, definition] as const))(
  "the examples of %s hold, walked and compiled",
  (_name, definition) => {
    for (const [expression, expected, variables = {}] of definition.examples) {
      const node = parse(expression);
      if (node === undefined) throw new Error(`${expression} is blank`);
      check(expression, expected, () => walk(node, environment, layered(variables)));
      check(expression, expected, () => compile(expression, environment).evaluate(layered(variables)));
    }
  },
);

function check(expression: string, expected: unknown, run: () => unknown): void {
  if (isRaising(expected)) {
    expect(run, expression).toThrow(expected.raises);
  } else {
    expect(plain(run()), expression).toEqual(expected);
  }
}

function isRaising(expected: unknown): expected is { raises: string } {
  return typeof expected === "object" && expected !== null && "raises" in expected;
}

/** As JSON, so that numbers compare by value whatever their type. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(toMessage(value as never), (_key, inner) =>
    typeof inner === "bigint" ? Number(inner) : inner,
  );
  return text === undefined ? null : JSON.parse(text);
}

test.each(functions.map((definition) => [definition.name, definition] as const))(
  "%s is described for its users",
  (_name, definition: StellarFunction) => {
    expect(definition.name).toMatch(/^[A-Z][A-Z0-9_]*$/);
    expect(definition.summary).toMatch(/^[A-Z][^\n]*[^.]\.$/);
    for (const param of definition.params) expect(param.about, param.name).toMatch(/^[A-Z][^\n]*\.$/);
    if (definition.needs.length === 0) expect(definition.examples.length).toBeGreaterThan(0);
    const optional = definition.params.map((param) => param.optional === true || param.rest === true);
    expect(optional, "nothing required may follow what is optional").toEqual(optional.toSorted());
    const rest = definition.params.findIndex((param) => param.rest === true);
    expect(rest === -1 || rest === definition.params.length - 1).toBe(true);
  },
);

test("no name is defined twice, and each namespace is in order", () => {
  expect(new Set(functions.map(({ name }) => name)).size).toBe(functions.length);
  for (const namespace of namespaces) {
    const names = namespace.functions.map(({ name }) => name);
    expect(names, namespace.name).toEqual(names.toSorted());
  }
});

/** Runs in the browser: throws texts at the language, and watches what they do to the page. */
import fc from "fast-check";
import { check } from "../src/stellar/language/check.ts";
import { StellarError } from "../src/stellar/language/error.ts";
import { formatDiagnostic } from "../src/stellar/language/report.ts";
import { compile } from "../src/stellar/run/compile.ts";
import { layered, makeEnvironment } from "../src/stellar/run/environment.ts";
import { anyText } from "../src/stellar/testing/random-texts.ts";
import { typeName } from "../src/stellar/values/value.ts";

export type Outcome = {
  runs: number;
  slowest: number;
  slowestText: string;
  escapes: string[];
  values: number;
};

declare global {
  var fuzz: (runs: number, seed: number) => Outcome;
}

/** What an expression that got out would touch first. */
const BAIT = [
  "fetch",
  "XMLHttpRequest",
  "WebSocket",
  "open",
  "alert",
  "postMessage",
  "importScripts",
  "canary",
];

globalThis.fuzz = (runs, seed) => {
  const escapes: string[] = [];
  let current = "";
  for (const name of BAIT) {
    const value = () => escapes.push(`${name} was called by ${current}`);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  const state = () =>
    JSON.stringify([
      [Object, Array, Function, String, Map, RegExp].map(({ prototype }) =>
        Object.getOwnPropertyNames(prototype),
      ),
      Object.getOwnPropertyNames(globalThis),
      document.documentElement.outerHTML,
      location.href,
    ]);
  const environment = makeEnvironment();
  const message = { x: "value", a: 5, host: "example.com" };
  const outcome: Outcome = { runs: 0, slowest: 0, slowestText: "", escapes, values: 0 };
  const before = state();
  const property = fc.property(anyText, (text) => {
    current = text;
    const started = performance.now();
    for (const found of check(text, environment)) formatDiagnostic(text, found);
    try {
      const value = compile(text, environment).evaluate(layered(message));
      typeName(value);
      outcome.values++;
    } catch (error) {
      if (!(error instanceof StellarError)) throw error;
    }
    outcome.runs++;
    const spent = performance.now() - started;
    if (spent > outcome.slowest) Object.assign(outcome, { slowest: spent, slowestText: text });
  });
  fc.assert(property, { numRuns: runs, seed });
  if (state() !== before) escapes.push("the page is not as it was");
  for (const name of [...BAIT, "globalThis", "window", "document", "this", "self"]) {
    const value = compile(name, environment).evaluate(layered(message));
    if (value !== null) escapes.push(`${name} is a ${typeName(value)}`);
  }
  return outcome;
};

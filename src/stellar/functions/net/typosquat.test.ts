import { expect, test } from "vitest";
import { typosquats } from "./typosquat.ts";

test("each of the eleven ways", () => {
  const found = typosquats("metron");
  const expected = {
    addition: "metrons",
    bitFlip: "oetron",
    homoglyph: "rnetron",
    punycode: "xn--metrn-mua",
    hyphenation: "me-tron",
    insertion: "mwetron",
    omission: "mtron",
    repetition: "mettron",
    replacement: "netron",
    subdomain: "met.ron",
    transposition: "emtron",
    vowelSwap: "matron",
  };
  for (const [way, name] of Object.entries(expected)) expect(found.has(name), way).toBe(true);
  expect(found.has("metron")).toBe(false);
});

// The sizes recorded from the original.
test.each([
  ["amazon", 298],
  ["github", 244],
  ["a", 39],
  ["", 26],
])("%j has %i", (label, count) => {
  expect(typosquats(label).size).toBe(count);
});

test("an encoded name is read before it is forged", () => {
  expect(typosquats("xn--bcher-kva").has("bücner")).toBe(false);
  expect([...typosquats("xn--bcher-kva")].some((name) => name.startsWith("d\u00fc"))).toBe(true);
});

test("a text that can be no label is refused before the work grows", () => {
  expect(() => typosquats("a".repeat(10_000))).toThrow("over the limit");
});

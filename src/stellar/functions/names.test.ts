import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { functions } from "./index.ts";

const vectors = new URL("../../../vectors/stellar/functions.json", import.meta.url);
const { names } = JSON.parse(readFileSync(vectors, "utf8")) as { names: string[] };

/** Functions that the original does not have. */
const OURS = ["READ_TIME"];

test("there are exactly the functions of the original, and ours", () => {
  expect(names).toHaveLength(208);
  expect(functions.map(({ name }) => name).sort()).toEqual([...names, ...OURS].sort());
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../core/testing/runs.ts";
import { encodeText } from "../../../core/text.ts";
import { StellarError } from "../../language/error.ts";
import { subnetKernel } from "./subnet-kernel.ts";
import { addressOf, isWithin, subnetTest } from "./subnets.ts";

const tests = ["10.0.0.0/8", "192.168.1.0/24", "200.0.0.0/5"].map((cidr) => subnetTest(cidr));
const kernel = subnetKernel(tests);

const octet = fc.oneof(fc.integer({ min: 0, max: 260 }), fc.constantFrom(10, 192, 168, 1, 255, 0));
const address = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));
const broken = fc
  .tuple(
    address,
    fc.nat(),
    fc.nat({ max: 3 }),
    fc.constantFrom("", ".", "..", "1", "a", " ", "/", ":", "é", "001"),
  )
  .map(([text, at, length, patch]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + patch + text.slice(from + length);
  });
/** What is around an address in the arena must not matter. */
const around = fc.constantFrom("", "7", ".1.2.3", "10.0.0.1", "            ");

test("bytes give what texts give, whatever lies around them", () => {
  fc.assert(
    fc.property(fc.oneof(address, broken), around, around, (text, before, after) => {
      const bytes = encodeText(before + text + after);
      const start = encodeText(before).length;
      const end = start + encodeText(text).length;
      expect(outcome(() => kernel(bytes, start, end) === true)).toBe(
        outcome(() => tests.some((subnet) => isWithin(addressOf(text), subnet))),
      );
    }),
    { numRuns: runs(20_000) },
  );
});

function outcome(run: () => boolean): string {
  try {
    return String(run());
  } catch (error) {
    if (error instanceof StellarError) return "error";
    throw error;
  }
}

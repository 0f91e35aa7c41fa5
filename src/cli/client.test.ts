import { expect, test } from "vitest";
import { Fault, type FaultCode } from "../core/fault.ts";
import { problemOf } from "../server/problems.ts";
import { faultOf } from "./client.ts";

test.each<[string, FaultCode, string | undefined, string]>([
  ["of its own", "REQUEST_INVALID", "Wait for it.", "Wait for it."],
  ["of its code", "SENSOR_UNKNOWN", undefined, "List the sensors with `metron sensors`."],
])("a fault of the server keeps the advice %s on the command line", (_name, code, advice, expected) => {
  const told = faultOf(problemOf(new Fault(code, "doing it", advice === undefined ? {} : { advice })));
  expect(told).toMatchObject({ code, message: "doing it", advice: expected });
});

test("a code that only the server knows comes with its advice", () => {
  const told = faultOf({
    ...problemOf(new Fault("TOO_BUSY", "doing it")),
    code: "LATER",
    advice: "Ask them.",
  });
  expect(told).toMatchObject({ message: "doing it", advice: "Ask them." });
});

import { expect, test } from "vitest";
import { ipProtocolName } from "./ip-protocol.ts";

test.each([
  [1, "ICMP"],
  [6, "TCP"],
  [17, "UDP"],
  [50, "ESP"],
  [88, ""],
  [135, "Mobility Header"],
  [142, "ROHC"],
  [0, undefined],
  [61, undefined],
  [114, undefined],
  [143, undefined],
  [-1, undefined],
  [6.5, undefined],
])("%s is %s", (number, name) => {
  expect(ipProtocolName(number)).toBe(name);
});

import { expect, test } from "vitest";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import { openAt } from "../../core/component.ts";
import { enrichmentContext } from "../testing/context.ts";
import { host } from "./host.ts";

const knownHosts = [
  { ip: "2001:DB8:0::1", type: "printer" },
  { ip: "10.0.0.1", type: "desk" },
  { ip: "::ffff:10.0.0.1", type: "other" },
];

test.each([
  ["2001:DB8:0::1", "printer"],
  ["2001:db8::1", "printer"],
  ["2001:0db8:0000::0001", "printer"],
  ["10.0.0.1", "desk"],
  ["::ffff:10.0.0.1", "other"],
  ["10.0.0.2", undefined],
])("what is known of %s is %s, in whatever spelling it is listed", (ip, type) => {
  const batch = new Batch();
  batch.load(blockOf(["x"], 0), { topic: "t", partition: 0, offset: 0 });
  batch.addMessage(0, { ip });
  openAt(host, { fields: ["ip"], config: { knownHosts } }, enrichmentContext(), []).apply(batch);
  expect(batch.message(0)["enrichments.host.ip.known_info.type"]).toBe(type);
});

import { expect, test } from "vitest";
import { Batch } from "../../core/batch.ts";
import { blockOf } from "../../core/block.ts";
import { makeContext } from "../../core/context.ts";
import { noDatabases } from "../addresses/databases.ts";
import { openEnrichment } from "../enrichment.ts";
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
  const context = { ...makeContext(), databases: noDatabases(), table: () => undefined };
  const batch = new Batch();
  batch.load(blockOf(["x"], 0), { topic: "t", partition: 0, offset: 0 });
  batch.addMessage(0, { ip });
  openEnrichment(host, host.config.parse({ knownHosts }), context).enrich(batch, ["ip"], "e");
  expect(batch.message(0)["e.ip.known_info.type"]).toBe(type);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Batch } from "../core/batch.ts";
import { blockOf } from "../core/block.ts";
import { makeContext } from "../core/context.ts";
import type { Message } from "../core/message.ts";
import { makeEnvironment } from "../stellar/run/environment.ts";
import { openTransforms } from "./index.ts";

type Case = readonly [number, string, string, number | null, number | null, string, string];

const file = new URL("../../vectors/community-id/baseline.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: readonly Case[] };
const context = { ...makeContext(), environment: makeEnvironment(), variables: [] };

function idsOf(messages: readonly Message[], options: object = {}): unknown[] {
  const batch = new Batch();
  const block = blockOf(
    messages.map(() => "x"),
    0,
  );
  batch.load(block, { topic: "t", partition: 0, offset: 0 });
  for (const [record, message] of messages.entries()) batch.addMessage(record, message);
  openTransforms([{ COMMUNITY_ID: options }], context)(batch);
  expect(batch.rejected).toEqual([]);
  return messages.map((_, row) => batch.message(row).community_id);
}

const flow = (ip_src_addr: string, ip_dst_addr: string): Message => ({ ip_src_addr, ip_dst_addr });

test.each(cases)("the published %d %s %s %s %s", (proto, source, destination, from, to, plain, seeded) => {
  const ports = from === null || to === null ? {} : { ip_src_port: from, ip_dst_port: to };
  const message = { ...flow(source, destination), ...ports, proto };
  expect(idsOf([message])).toEqual([plain]);
  expect(idsOf([message], { seed: 1 })).toEqual([seeded]);
});

const UDP = "1:d/FP5EW3wiY1vCndhwleRRKHowQ=";
const PING = "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=";
const dns = flow("192.168.1.52", "8.8.8.8");
const ping = flow("192.168.0.89", "192.168.0.1");

test.each<[string, Message, string | undefined]>([
  ["Zeek", { ...dns, ip_src_port: 54585, ip_dst_port: 53, protocol: "dns", proto: "udp" }, UDP],
  ["Suricata", { ...dns, ip_src_port: 54585, ip_dst_port: 53, protocol: "UDP" }, UDP],
  ["Snort, whose ports are text", { ...dns, ip_src_port: "54585", ip_dst_port: "53", protocol: "UDP" }, UDP],
  ["YAF, whose protocol is a number", { ...dns, ip_src_port: 54585, ip_dst_port: 53, protocol: 17 }, UDP],
  [
    "an IPv4 address in IPv6",
    { ...flow("::ffff:192.168.1.52", "8.8.8.8"), ip_src_port: 54585, ip_dst_port: 53, protocol: "17" },
    UDP,
  ],
  ["Zeek's ICMP", { ...ping, ip_src_port: 8, ip_dst_port: 0, protocol: "conn", proto: "icmp" }, PING],
  [
    "Zeek's ICMP of IPv6, which has the same name",
    {
      ...flow("3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:0:1001::2"),
      ip_src_port: 128,
      ip_dst_port: 0,
      proto: "icmp",
    },
    "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=",
  ],
  ["Suricata's ICMP", { ...ping, icmp_type: 8, icmp_code: 0, protocol: "ICMP" }, PING],
  ["Snort's ICMP", { ...ping, icmptype: "8", icmpcode: "0", protocol: "ICMP" }, PING],
  ["ICMP without its type", { ...ping, ip_src_port: 8, ip_dst_port: 0, protocol: "icmp" }, undefined],
  ["what the sensor wrote", { ...dns, protocol: "udp", community_id: "1:theirs" }, "1:theirs"],
  ["no port", { ...dns, ip_src_port: 54585, protocol: "udp" }, undefined],
  ["a port that is none", { ...dns, ip_src_port: 99999, ip_dst_port: "ssh", protocol: "udp" }, undefined],
  ["no transport", { ...dns, ip_src_port: 54585, ip_dst_port: 53, protocol: "dns" }, undefined],
  ["no protocol", { ...dns, ip_src_port: 54585, ip_dst_port: 53 }, undefined],
  ["no address", { ip_src_addr: "pc-7", ip_dst_addr: "8.8.8.8", protocol: "gre" }, undefined],
  ["two families", { ...flow("2001:db8::1", "8.8.8.8"), protocol: "gre" }, undefined],
  ["nulls", { ip_src_addr: null, ip_dst_addr: "8.8.8.8", protocol: null }, undefined],
])("%s", (_, message, expected) => {
  expect(idsOf([message])).toEqual([expected]);
});

test("both directions of a flow have one name, beside messages without one", () => {
  const back = { ...flow("8.8.8.8", "192.168.1.52"), ip_src_port: 53, ip_dst_port: 54585, protocol: "udp" };
  const out = { ...dns, ip_src_port: 54585, ip_dst_port: 53, protocol: "udp" };
  expect(idsOf([out, { a: 1 }, back])).toEqual([UDP, undefined, UDP]);
});

test("both directions have one name also where a machine talks to itself", () => {
  const out = { ...flow("10.0.0.1", "10.0.0.1"), ip_src_port: 1234, ip_dst_port: 80, protocol: "tcp" };
  const [id, other] = idsOf([out, { ...out, ip_src_port: 80, ip_dst_port: 1234 }]);
  expect(id).toMatch(/^1:/);
  expect(other).toBe(id);
});

test("a seed is a number of 16 bits", () => {
  expect(() => idsOf([], { seed: 65_536 })).toThrow("expected a number of at most 65535");
});

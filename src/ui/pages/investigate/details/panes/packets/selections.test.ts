import { expect, test } from "vitest";
import { firstPackets } from "./packets-state.ts";
import { keepSelection, packetsOfOther } from "./selections.ts";

const list = firstPackets("packets");

test("another message has nothing selected, and the former one what was selected before", () => {
  const selected = { ...list, packet: 4, field: "ip.src", bytes: { from: 26, to: 29 } };
  keepSelection("former", selected);
  expect(packetsOfOther("next", selected)).toEqual(list);
  expect(packetsOfOther("former", list)).toEqual(selected);
});

test("in another view no bytes are selected, and the view stays as it is", () => {
  keepSelection("former", { ...list, packet: 4, bytes: { from: 26, to: 29 } });
  expect(packetsOfOther("former", { ...firstPackets("stream"), show: "hex" })).toEqual({
    ...firstPackets("stream"),
    show: "hex",
    packet: 4,
  });
});

test("the messages looked at last are kept", () => {
  for (let at = 0; at < 200; at++) keepSelection(`many ${at}`, { ...list, packet: at + 1 });
  expect(packetsOfOther("many 199", list).packet).toBe(200);
  expect(packetsOfOther("many 0", list).packet).toBeUndefined();
});

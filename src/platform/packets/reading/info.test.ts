import { expect, test } from "vitest";
import { openDecoder } from "../../../pcap/decode/decode.ts";
import { blockOf } from "../../../pcap/testing/frames.ts";
import { talk } from "../../../pcap/testing/talk.ts";
import { applicationOf, infoOf } from "./info.ts";

test.each([
  [21, "PASS hunter2\r\n", "PASS"],
  [21, "USER alice\r\n", "USER"],
  [21, "331 Password required for alice\r\n", "331"],
  [21, "hunter2\r\n", "Len=9"],
  [25, "MAIL FROM:<mira@corp.example>\r\n", "MAIL"],
  [25, "AUTH PLAIN AGFsaWNlAGh1bnRlcjI=\r\n", "AUTH"],
  [25, "AGFsaWNlAGh1bnRlcjI=\r\n", "Len=22"],
  [25, "Dear John, the plans are attached.\r\n", "Len=36"],
  [25, "data of a mail\r\n", "DATA"],
  [80, "GET /plans.zip HTTP/1.1\r\nCookie: session=1\r\n\r\n", "GET /plans.zip HTTP/1.1"],
  [22, "SSH-2.0-OpenSSH_9.9\r\n", "SSH-2.0-OpenSSH_9.9"],
])("of port %i and %j a row tells %j", (port, payload, info) => {
  const { frames } = talk({ ports: [40_000, port] })
    .open()
    .say(0, payload);
  const packets = blockOf(frames);
  const block = { packets, layers: openDecoder().decode(packets) };
  const last = frames.length - 1;
  expect(infoOf(block, last, last, applicationOf(block, last))).toBe(info);
});

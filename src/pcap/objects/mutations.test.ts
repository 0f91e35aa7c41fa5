/** Changes packets at random, from their first byte on, and puts together whatever is left. */
import { expect, test } from "vitest";
import { runs } from "../../core/testing/runs.ts";
import { readHttp } from "../http/http.ts";
import { FLAG } from "../layers.ts";
import { openCollector } from "../reassembly/collect.ts";
import { openDefragmenter } from "../reassembly/defragment.ts";
import type { OverlapPolicy } from "../reassembly/overlap.ts";
import { lengthOf, viewSide } from "../reassembly/view.ts";
import { type Chance, chance } from "../testing/chance.ts";
import { blockOf, ethernet, type Frame, ip } from "../testing/frames.ts";
import { layersOf } from "../testing/layers-of.ts";
import { talk } from "../testing/talk.ts";
import { objectsOfFtp } from "./ftp-objects.ts";
import { objectsOfHttp } from "./http-objects.ts";
import { objectsOfSmb } from "./smb-objects.ts";
import { objectsOfSmtp } from "./smtp-objects.ts";

const POLICIES: readonly OverlapPolicy[] = ["first", "last", "bsd", "linux", "windows"];

function frames(random: Chance): Frame[] {
  const web = talk().open().say(0, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 9);
  web.say(1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 11).close();
  const mail = talk({ ports: [40_001, 25] })
    .open()
    .say(1, "220 x\r\n")
    .say(0, "MAIL FROM:<a@b>\r\nDATA\r\n")
    .say(1, "354 x\r\n");
  mail.say(0, "Subject: x\r\n\r\ntext\r\n..\r\n.\r\n", 8).close();
  const [from, to] = ["10.0.0.1", "10.0.0.2"];
  const parts = [0, 8, 16].map((offset) => ({
    bytes: ethernet(
      ip({ from, to, protocol: 17, id: 9, offset, more: offset < 16, payload: random.bytes(8) }),
    ),
    micros: 1,
  }));
  return [...web.frames, ...mail.frames, ...parts];
}

function change(random: Chance, frame: Frame): Frame[] {
  if (random.often(5)) return [];
  if (random.often(5)) return [frame, frame];
  const bytes = Uint8Array.from(
    random.often(5) ? frame.bytes.subarray(0, random.below(frame.bytes.length)) : frame.bytes,
  );
  if (random.often(30) && bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return [{ ...frame, bytes, original: frame.bytes.length }];
}

test("changed packets never crash what puts them together, and streams stay without a hole that is not told", {
  timeout: 600_000,
}, async () => {
  for (let seed = 1; seed <= runs(500); seed++) {
    const random = chance(seed);
    const changed = frames(random).flatMap((frame) => change(random, frame));
    const packets = blockOf(random.often(30) ? random.shuffled(changed) : changed);
    const layers = layersOf(packets);
    const defragmenter = openDefragmenter();
    for (let row = 0; row < layers.count; row++)
      if (layers.flags[row]! & FLAG.fragment) defragmenter.add(packets, layers, row, row);
    const collector = openCollector();
    collector.add(packets, layers);
    const { tcp } = collector.conversations(POLICIES[seed % POLICIES.length]);
    for (const conversation of tcp) {
      for (const side of [0, 1] as const) {
        let end = 0;
        for (const chunk of conversation.chunks) {
          if (chunk.side !== side || chunk.kind === "reset") continue;
          expect(chunk.position, `seed ${seed}`).toBe(end);
          end += lengthOf(chunk);
        }
        expect(viewSide(conversation, side).length, `seed ${seed}`).toBe(end);
      }
      readHttp(conversation);
      const objects = [
        ...(await objectsOfHttp(conversation)),
        ...(await objectsOfSmtp(conversation)),
        ...objectsOfFtp(conversation, tcp),
        ...objectsOfSmb(conversation),
      ];
      expect(
        objects.every(({ size }) => size < 10_000),
        `seed ${seed}`,
      ).toBe(true);
    }
  }
});

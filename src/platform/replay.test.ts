import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { LOCAL } from "../core/actor.ts";
import { found, testPlatforms } from "./testing/test-platform.ts";

const ZEEK = "sensor: zeek\nparser: { bro: {} }\n";
const LOGS = `#separator \\x09
#path\tdns
#fields\tts\tuid\tquery
1.5\tD1\t-
#close\t2026-01-01
#separator \\x09
#path\tconn
#fields\tts\tuid\tproto
2.5\tC1\ttcp
3.5\tC2
`;

test("rejected lines of Zeek logs are replayed below the headers of their logs", async () => {
  using platforms = testPlatforms({
    sensors: { zeek: `${ZEEK}validations: [ { NOT_EMPTY: { input: query } } ]\n` },
  });
  await using platform = await platforms.open();
  await platform.ingestStream("zeek", Readable.from([Buffer.from(LOGS)]), { actor: LOCAL });
  await platform.caughtUp();
  const messages = () => found(platform, "", "zeek", ["uid", "protocol"]);
  const errors = () => found(platform, "NOT replayed:true", "error", ["message"]);
  expect(await messages()).toEqual([]);
  expect(await errors()).toHaveLength(3);

  const change = { author: "test", at: Date.now(), note: "" };
  await platform.publish([{ kind: "sensor", name: "zeek", text: ZEEK }], change);
  const replay = () => platform.replay({ sensor: "zeek", query: "" }, LOCAL);
  // Of two that are asked for at the same time the second finds nothing that the first has sent.
  const [first] = await Promise.all([replay(), replay()]);
  expect(first).toMatchObject({ replayed: 3, records: 3 });
  await platform.caughtUp();
  expect(await messages()).toHaveLength(2);
  expect(new Set((await messages()).map(({ uid, protocol }) => `${uid} ${protocol}`))).toEqual(
    new Set(["D1 dns", "C1 conn"]),
  );
  expect(await errors()).toMatchObject([{ message: "the line has another number of values than #fields" }]);
}, 60_000);

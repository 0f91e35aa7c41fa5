import { expect, test } from "vitest";
import { ETHERNET, joined, packetsOf, readAll, sampleRows } from "./testing/samples.ts";
import { writePcap } from "./write-pcap.ts";

const ROWS = sampleRows(10);
const NANO_ROWS = sampleRows(10, { nanos: true });

test.each([
  ["microseconds, where they suffice", ROWS, {}, ROWS, 0xa1b2c3d4, 0],
  ["nanoseconds, where there are some", NANO_ROWS, {}, NANO_ROWS, 0xa1b23c4d, 0],
  ["nanoseconds, where they are wanted", ROWS, { nano: true }, ROWS, 0xa1b23c4d, 0],
  ["microseconds, where they are wanted", NANO_ROWS, { nano: false }, ROWS, 0xa1b2c3d4, 9],
])("writes %s", async (_, rows, options, expected, magic, rounded) => {
  const { bytes, report } = writePcap([packetsOf(rows)], options);
  const capture = await joined(bytes);
  expect(capture.readUInt32LE(0)).toBe(magic);
  expect(readAll(capture).rows).toEqual(expected);
  expect(report).toEqual({ packets: 10, bytes: capture.length, otherLinks: 0, outOfTime: 0, rounded });
});

test("leaves out what pcap has no place for, and counts it", async () => {
  const wifi = { ...ETHERNET, linkType: 127 };
  const late = { ...ROWS[0]!, micros: 2 ** 32 * 1e6 };
  const rows = [ROWS[0]!, { ...ROWS[1]!, link: wifi }, late, ROWS[2]!];
  const { bytes, report } = writePcap([packetsOf(rows)]);
  expect(readAll(await joined(bytes)).rows).toEqual([ROWS[0], ROWS[2]]);
  expect(report).toMatchObject({ packets: 2, otherLinks: 1, outOfTime: 1 });
  const other = writePcap([packetsOf(rows)], { linkType: 127 });
  expect(readAll(await joined(other.bytes)).rows).toEqual([{ ...ROWS[1], link: wifi }]);
});

test("writes a header alone for a capture without packets", async () => {
  for (const blocks of [[], [packetsOf([])]]) {
    const { rows, texts, report } = readAll(await joined(writePcap(blocks).bytes));
    expect([rows, texts, report.format]).toEqual([[], [], "pcap"]);
  }
});

test("asks for a block only when the one before was taken", async () => {
  let asked = 0;
  function* blocks() {
    for (;;) {
      asked++;
      yield packetsOf(ROWS);
    }
  }
  const { bytes } = writePcap(blocks());
  for (let chunk = 0; chunk < 4; chunk++) await bytes.next();
  // The first chunk is the header.
  expect(asked).toBe(3);
});

import { expect, test } from "vitest";
import { readRecords } from "../testing/records.ts";
import { fireeye } from "./fireeye.ts";

test("a priority inside a value does not cut the record", () => {
  const record =
    "<164>Nov 29 10:00:00 192.0.2.1 fenotify-100.alert: CEF:0|FireEye|CMS|7.2|DM|domain-match|1|dvc=192.0.2.5 spt=54527 request=http://x/<99>Nov 28 10:00:00 192.0.2.9 a.b c end=1 last=2 x=3";
  const { messages } = readRecords(fireeye, [record]);
  expect(messages[0]).toMatchObject({
    original_string: record,
    ip_src_addr: "192.0.2.5",
    ip_src_port: "54527",
  });
});

test("a relay's priority in front of the device's goes", () => {
  const record = "<13>relay <164>Nov 29 10:00:00 192.0.2.1 fenotify-100.alert: CEF:0|FireEye|a=b c=d e";
  expect(readRecords(fireeye, [record]).messages[0]?.original_string).toBe(record.slice("<13>relay ".length));
});

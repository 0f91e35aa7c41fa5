import { expect, test } from "vitest";
import { FieldNames } from "./fields.ts";

const names = new FieldNames(["RD", "uri", "fileinfo.md5", "ip_src_addr", "threat.triage.score"]);

test.each([
  ["ip_src_adr", ["ip_src_addr"]],
  ["url", ["uri"]],
  ["md5", ["fileinfo.md5"]],
  ["score", ["threat.triage.score"]],
  ["rx", ["RD"]],
  ["abc", []],
])("near %s are %j", (written, near) => {
  expect(names.near(written)).toEqual(near);
});

test("another word of three letters is not near", () => {
  expect(new FieldNames(["RD", "uri"]).near("md5")).toEqual([]);
});

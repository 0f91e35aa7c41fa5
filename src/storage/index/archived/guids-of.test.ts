import { expect, test } from "vitest";
import { parse } from "../../../query/parse.ts";
import { guidsOf } from "./guids-of.ts";

const one = "00000000-0000-4000-8000-000000000001";
const other = "00000000-0000-4000-8000-00000000000a";

test.each([
  [`guid:${one}`, [one, one]],
  [`guid:${one} OR guid:${other}`, [one, one, other, other]],
  [`n:1 AND (guid:${one} OR guid:${other})`, [one, one, other, other]],
  [`guid:${one} OR n:1`, undefined],
  [`NOT guid:${one}`, undefined],
  ["n:1", undefined],
])("the guids that alone can match %s", (text, guids) => {
  expect(guidsOf(parse(text))).toEqual(guids);
});

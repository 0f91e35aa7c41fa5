import { expect, test } from "vitest";
import { parse } from "../../../../query/parse.ts";
import { QUERY_EXAMPLES } from "./query-examples.ts";

test.each(QUERY_EXAMPLES.flatMap(([, examples]) => examples.map(([query]) => query)))(
  "the example %s is a query",
  (query) => {
    expect(parse(query).kind).not.toBe("all");
  },
);

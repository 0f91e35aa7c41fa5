import { expect, test } from "vitest";
import { pickSearch, queryOfView, readState, sentQuery, sortBy, writeState } from "./state.ts";

test("an empty address is the alerts, the most alarming first", () => {
  const state = readState({});
  expect(state).toMatchObject({ q: "", t: "all", view: "alerts", guid: undefined, live: true });
  expect(state.sort[0]).toEqual({ field: "threat.triage.score", order: "desc" });
  expect(writeState(state)).toEqual({});
});

test.each([
  { q: 'ip_src_addr:10.0.0.5 AND a:"b c"' },
  { t: "24h" },
  { t: "2026-03-01T00:00:00.000Z..2026-03-02T00:00:00.000Z", view: "messages" },
  { sort: "-ip_src_addr,timestamp", cols: "timestamp,guid" },
  { guid: "0192f0c8-aaaa-7bbb-8ccc-ddddeeeeffff", live: "off" },
  { guid: "g", packets: "stream", conversation: "2", show: "hex", side: "client", bytes: "server.4096-4160" },
  { guid: "g", packets: "packets", bytes: "34-37", packet: "17", field: "ip.src", filter: "ip_dst_port:443" },
  { guid: "g", packets: "objects", object: "3" },
  { facets: "host,uri" },
  { group: "threat.triage.rules.*.name,ip_src_addr" },
])("%j survives a round", (search) => {
  expect(writeState(readState(search))).toEqual(search);
});

test("what is wrong or unknown falls back", () => {
  expect(readState({ t: "never", view: "pictures", cols: ",,", live: "maybe" })).toEqual(readState({}));
  expect(readState({ packets: "stream" })).toEqual(readState({}));
  const wrong = { conversation: "0", show: "html", side: "left", bytes: "9-8", packet: "-1", object: "x" };
  expect(readState({ guid: "g", packets: "raw", ...wrong })).toEqual(
    readState({ guid: "g", packets: "raw" }),
  );
  expect(pickSearch({ q: "a", other: "b", t: 5, guid: "" })).toEqual({ q: "a" });
});

test("a second click on a column turns the order round", () => {
  const once = sortBy([], "ip_src_addr");
  expect(once).toEqual([
    { field: "ip_src_addr", order: "desc" },
    { field: "timestamp", order: "desc" },
  ]);
  expect(sortBy(once, "ip_src_addr")[0]).toEqual({ field: "ip_src_addr", order: "asc" });
  expect(sortBy(once, "timestamp")).toEqual([{ field: "timestamp", order: "desc" }]);
});

test("the view joins its condition without changing what the query means", () => {
  expect(sentQuery({ q: "", view: "messages" })).toBe("");
  expect(sentQuery({ q: " ", view: "alerts" })).toBe("is_alert:true");
  expect(sentQuery({ q: "a OR b", view: "alerts" })).toBe("is_alert:true AND (a OR b)");
  expect(sentQuery({ q: "a OR b", view: "messages" })).toBe("a OR b");
});

test.each(["alerts", "messages"] as const)("the analyst's part of a sent query of %s comes back", (view) => {
  for (const q of ["a OR b", "a:(b OR c)", 'x:"(y)"'])
    expect(queryOfView(sentQuery({ q, view }), view)).toBe(q);
  expect(queryOfView("something else", "alerts")).toBeUndefined();
});

import { afterAll, beforeAll, expect, test } from "vitest";
import type { EndpointShape } from "../api/endpoint.ts";
import { endpoints } from "../api/index.ts";
import { type Actor, LOCAL, ROLES } from "../core/actor.ts";
import { type LogFields, makeContext } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { actorAt } from "./guard.ts";
import { openTestServer, refused, type Sent, type TestServer } from "./testing/platform-server.ts";

/** Who may do what, and whose name stands where they did it. */
const ENGINEER: Actor = { name: "eve", role: "engineer" };
const ANALYST: Actor = { name: "ann", role: "analyst" };
const ADMIN: Actor = { name: "ada", role: "admin" };
const SCOPED: Actor = { name: "sam", role: "admin", scope: "site:north" };

const told: { sentence: string; fields: LogFields }[] = [];
const note = (sentence: string, fields: LogFields = {}) => void told.push({ sentence, fields });
const log = { debug: note, info: note, warn: note, error: note };

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({
    context: makeContext({ log }),
    // Accounts will read a session here; a test says who it is.
    actorOf: ({ headers, socket }) => {
      const { "x-actor": written } = headers;
      return typeof written === "string" ? JSON.parse(written) : actorAt(socket.remoteAddress, false);
    },
  });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

async function as(actor: Actor, method: string, path: string, sent: Sent = {}): Promise<Response> {
  return server.send(method, path, {
    ...sent,
    headers: { ...sent.headers, "x-actor": JSON.stringify(actor) },
  });
}

async function answer<Body>(response: Promise<Response>): Promise<Body> {
  const got = await response;
  expect(got.status, got.url).toBe(200);
  return got.json() as Promise<Body>;
}

const closed: [string, EndpointShape][] = Object.entries(endpoints).filter(([, { role }]) => role !== "open");

test.each(closed)(
  "%s is refused to the role below its own, with the role it needs",
  async (_name, endpoint) => {
    const role = ROLES[ROLES.indexOf(endpoint.role) - 1] ?? "open";
    const path = endpoint.path.replace(/:\w+/g, "x");
    const problem = await refused(as({ name: "low", role }, endpoint.method, path));
    expect(problem).toMatchObject({
      status: 403,
      code: "ROLE_NEEDED",
      detail: expect.stringContaining(`it needs the role \`${endpoint.role}\`, and low has `),
    });
  },
);

test("a body that is refused for its sender is not read", async () => {
  const response = as(ANALYST, "PUT", "/config/documents", {
    text: "{",
    headers: { "content-type": "application/json" },
  });
  expect((await refused(response)).code).toBe("ROLE_NEEDED");
});

test.each<[string | undefined, boolean, Actor]>([
  ["127.0.0.1", false, LOCAL],
  ["::1", false, LOCAL],
  ["::ffff:127.0.0.1", false, LOCAL],
  ["192.0.2.7", false, { name: "192.0.2.7", role: "open" }],
  ["::ffff:192.0.2.7", false, { name: "192.0.2.7", role: "open" }],
  ["192.0.2.7", true, { name: "192.0.2.7", role: "admin" }],
  [undefined, false, { name: "a connection that is gone", role: "open" }],
])("who comes from %s, others allowed: %s", (address, mayServeOthers, actor) => {
  expect(actorAt(address, mayServeOthers)).toEqual(actor);
});

test("who comes from another machine learns why it is refused, and may ask for the status", async () => {
  const other = actorAt("192.0.2.7", false);
  expect(await refused(as(other, "POST", "/search", { body: { query: "" } }))).toMatchObject({
    detail:
      "answering POST /search: it needs the role `analyst`, and 192.0.2.7 has none, as Metron has no accounts yet and only this machine is known",
    advice: expect.stringContaining("SSH tunnel"),
  });
  expect((await as(other, "GET", "/status")).status).toBe(200);
});

test("a published, changed, withdrawn or restored document names its author", async () => {
  const path = "/config/documents/sensor/named";
  const text = "sensor: named\nparser: { jsonMap: {} }\n";
  expect(await answer(as(ENGINEER, "PUT", path, { body: { text } }))).toMatchObject({ author: "eve" });
  const documents = [{ kind: "sensor", name: "named", text: `${text}# 2\n` }];
  await answer(as(ADMIN, "PUT", "/config/documents", { body: { documents } }));
  await answer(as(ENGINEER, "DELETE", path));
  await answer(as({ name: "rob", role: "engineer" }, "POST", `${path}/rollback`, { body: { version: 1 } }));
  const { versions } = await answer<{ versions: { author: string }[] }>(
    as(ANALYST, "GET", `${path}/history`),
  );
  expect(versions.map(({ author }) => author)).toEqual(["rob", "eve", "ada", "eve"]);
  expect(await server.json("PUT", path, { text })).toMatchObject({ author: "local" });
});

test("status and comments name who set them", async () => {
  await answer(as(ENGINEER, "POST", "/ingest/web", { body: { marked: "status" } }));
  const [{ guid } = { guid: "" }] = await found("marked:status");
  const comment = { alert_status: "OPEN", comment: "mine" };
  await answer(as(ANALYST, "PATCH", `/messages/${guid}`, { body: { fields: comment } }));
  await answer(as(ADMIN, "PATCH", `/messages/${guid}`, { body: { fields: { comment: "and mine" } } }));
  const history = await answer(as(ANALYST, "GET", `/messages/${guid}/history`));
  expect(history).toEqual({
    changes: [
      { by: "ada", at: expect.any(Number), fields: [{ name: "comments", value: expect.any(Array) }] },
      {
        by: "ann",
        at: expect.any(Number),
        fields: [
          { name: "alert_status", value: "OPEN" },
          { name: "comments", value: expect.any(Array) },
        ],
      },
    ],
    earlier: 0,
  });
  expect((await as(ANALYST, "GET", "/messages/none/history")).status).toBe(404);
  const [message] = await found("marked:status");
  expect(message).toMatchObject({
    alert_changed_by: "ada",
    comments: [
      { comment: "mine", username: "ann" },
      { comment: "and mine", username: "ada" },
    ],
  });
});

test("error records tell who replayed them, and the log who took, loaded, removed and rebuilt", async () => {
  await answer(
    as(ENGINEER, "POST", "/ingest/web", { text: "nonsense", headers: { "content-type": "text/plain" } }),
  );
  expect(await found("failed_sensor_type:web", ANALYST, ["error"])).toHaveLength(1);
  await answer(as(ENGINEER, "POST", "/replay", { body: { sensor: "web" } }));
  const [error] = await found("replayed:true", ANALYST, ["error"]);
  expect(error).toMatchObject({ replayed_by: "eve", replayed_at: expect.any(Number) });

  await answer(as(ENGINEER, "POST", "/intel/malicious_ip", { text: "indicator\n192.0.2.1\n" }));
  await answer(as(ADMIN, "DELETE", "/intel/malicious_ip/indicators?value=192.0.2.1"));
  expect(await answer(as(ADMIN, "POST", "/index/rebuild", { body: {} }))).toMatchObject({ startedBy: "ada" });
  await answer(as(ADMIN, "DELETE", "/index/rebuild"));
  const by = told.filter(({ fields }) => "by" in fields).map(({ sentence, fields }) => [sentence, fields.by]);
  expect(by).toEqual(
    expect.arrayContaining([
      ["Records were taken.", "eve"],
      ["Rejected records were replayed.", "eve"],
      ["Indicators were loaded.", "eve"],
      ["An indicator was removed.", "ada"],
      ["A rebuild of the index begins.", "ada"],
      ["A rebuild of the index was told to stop.", "ada"],
    ]),
  );
});

test("for who has a scope, only the messages that it finds exist", async () => {
  const records = ["north", "north", "south"].map((site) => ({ site, marked: "scope" }));
  await answer(as(ADMIN, "POST", "/ingest/web", { body: records }));
  const all = await found("marked:scope", ADMIN);
  expect(all).toHaveLength(3);
  expect((await found("marked:scope", SCOPED)).map(({ site }) => site)).toEqual(["north", "north"]);
  expect(await found("site:south OR marked:scope", SCOPED)).toHaveLength(2);
  const body = { query: "marked:scope", fields: ["site"] };
  const { facets } = await answer<{ facets: unknown[] }>(as(SCOPED, "POST", "/facets", { body }));
  expect(facets).toMatchObject([{ values: [{ value: "north", count: 2 }] }]);
  const { groups } = await answer<{ groups: unknown[] }>(as(SCOPED, "POST", "/groups", { body }));
  expect(groups).toMatchObject([{ value: "north", count: 2 }]);
  const { buckets } = await answer<{ buckets: { count: number }[] }>(
    as(SCOPED, "POST", "/histogram", { body: { query: "marked:scope" } }),
  );
  expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  const hidden = `/messages/${all.find(({ site }) => site === "south")?.guid}`;
  expect((await as(SCOPED, "GET", hidden)).status).toBe(404);
  expect((await as(SCOPED, "PATCH", hidden, { body: { fields: { comment: "seen" } } })).status).toBe(404);
  expect((await as(ADMIN, "GET", hidden)).status).toBe(200);
});

test("a field that only the scope names is not the asker's mistake", async () => {
  const nowhere: Actor = { name: "nil", role: "analyst", scope: "no.such.field:1" };
  expect(await found("marked:scope", nowhere)).toEqual([]);
  const asked = as(nowhere, "POST", "/search", { body: { query: "nor.this:1" } });
  expect(await refused(asked)).toMatchObject({
    code: "QUERY_INVALID",
    detail: expect.stringContaining("nor.this"),
  });
});

test("a replay with a scope leaves the records of others alone", async () => {
  const before = await found("NOT replayed:true", ADMIN, ["error"]);
  expect(before.length).toBeGreaterThan(0);
  const actor: Actor = { ...ENGINEER, scope: "failed_sensor_type:another" };
  expect(await answer(as(actor, "POST", "/replay", { body: {} }))).toMatchObject({ replayed: 0, records: 0 });
});

test("who asks with a code that cannot be read is a failure like any other", async () => {
  await using failing = await openTestServer({
    actorOf: () => {
      throw new Fault("REQUEST_INVALID", "reading the session: it is none");
    },
  });
  expect(await refused(failing.send("GET", "/fields"))).toMatchObject({
    detail: "reading the session: it is none",
  });
  expect((await fetch(`${failing.url}/`)).status).toBe(200);
});

type Found = { guid: string; [field: string]: unknown };

async function found(query: string, actor: Actor = ADMIN, sensors?: string[]): Promise<Found[]> {
  await server.platform.caughtUp();
  const body = { query, ...(sensors && { sensors }) };
  return (await answer<{ hits: Found[] }>(as(actor, "POST", "/search", { body }))).hits;
}

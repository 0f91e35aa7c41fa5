import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServer, type TestServer } from "./testing/platform-server.ts";

/** Documents, and the declarations of fields, over real HTTP. */
let server: TestServer;
let send: TestServer["send"];
let json: TestServer["json"];
beforeAll(async () => {
  server = await openTestServer();
  ({ send, json } = server);
  await send("POST", "/ingest/web", {
    text: '{"n":1,"kind":"odd","ip_src_addr":"10.0.0.1","timestamp":1700000000000}\n',
  });
  await server.platform.caughtUp();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

test("fields come with what is declared of them", async () => {
  const { fields } = (await json("GET", "/fields")) as { fields: { name: string }[] };
  const of = (name: string) => fields.find((field) => field.name === name);
  expect(of("timestamp")).toEqual({
    name: "timestamp",
    type: "date",
    about: "When it happened, milliseconds since 1970.",
    meaning: "instant",
    ecs: "@timestamp",
    ocsf: "time",
    sensors: expect.arrayContaining(["web"]),
  });
  expect(of("kind")).toEqual({ name: "kind", type: "text", about: "", sensors: ["web"] });
});

test("times are asked of a field in the unit that is declared of it", async () => {
  const text = '{"bro_timestamp":"1710408413.501233"}\n{"bro_timestamp":1710494813.5}\n';
  await send("POST", "/ingest/web", { text });
  await server.platform.caughtUp();
  const total = async (query: string) =>
    ((await json("POST", "/search", { query, size: 0 })) as { total: number }).total;
  expect(await total("bro_timestamp:2024-03-14")).toBe(1);
  expect(await total("bro_timestamp:>2024-03-14")).toBe(1);
  expect(await total("bro_timestamp:<now")).toBe(2);
  expect(await total("bro_timestamp:<2024-03-14")).toBe(0);
  expect(await total("bro_timestamp:>=1710408413.5")).toBe(2);
});

test("a check tells of a module outside of the allowed folders as of any other mistake", async () => {
  const document = { kind: "global", name: "global", text: "functions: [/outside/odd.mjs]" };
  expect(await json("POST", "/config/check", document)).toMatchObject({
    diagnostics: [{ severity: "error", message: expect.stringContaining("only") }],
  });
});

test("documents of functions are listed when asked for", async () => {
  await json("PUT", "/config/documents/functions/twice", { text: "TWICE := (x) -> x * 2\n" });
  const kinds = async (query: string) => {
    const { documents } = (await json("GET", `/config/documents${query}`)) as {
      documents: { kind: string }[];
    };
    return new Set(documents.map(({ kind }) => kind));
  };
  expect(await kinds("")).toEqual(new Set(["global", "sensor"]));
  expect(await kinds("?kind=functions")).toEqual(new Set(["functions"]));
  await json("DELETE", "/config/documents/functions/twice");
});

test("a sensor that is withdrawn while records come in refuses the rest, and the platform goes on", async () => {
  const path = "/config/documents/sensor/brief";
  await json("PUT", path, { text: "sensor: brief\nparser: { jsonMap: {} }\n" });
  const { promise: isWithdrawn, resolve: withdrawn } = Promise.withResolvers<void>();
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode('{"n":1}\n'));
      await isWithdrawn;
      controller.enqueue(new TextEncoder().encode('{"n":2}\n'));
      // Longer than a block waits, so that it is sent while nobody asks for it.
      setTimeout(() => controller.close(), 200);
    },
  });
  const taken = fetch(`${server.url}/api/v1/ingest/brief`, {
    method: "POST",
    body,
    duplex: "half",
  } as RequestInit);
  await expect
    .poll(async () => (await json("GET", "/sensors")) as object, { timeout: 10_000 })
    .toMatchObject({
      sensors: expect.arrayContaining([expect.objectContaining({ name: "brief", indexed: 1 })]),
    });
  await json("DELETE", path);
  withdrawn();
  const answer = await taken;
  expect([answer.status, await answer.json()]).toMatchObject([404, { code: "SENSOR_UNKNOWN" }]);
  expect((await send("GET", "/status")).status).toBe(200);
});

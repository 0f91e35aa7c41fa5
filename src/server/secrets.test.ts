import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LogFields, makeContext } from "../core/context.ts";
import { openTestServer, refused, type TestServer } from "./testing/platform-server.ts";

/** Credentials: those that documents name are used and are nowhere, those that they hold are told and hidden. */
const PASSWORD = "correct-horse-7f3a";
const TOKEN = "battery-staple-91bc";
const folder = mkdtempSync(join(tmpdir(), "metron-secrets-"));
writeFileSync(join(folder, "rest"), `${PASSWORD}\n`);
process.env.METRON_SECRET_TEST_TOKEN = TOKEN;

const told: string[] = [];
const note = (sentence: string, fields: LogFields = {}) => void told.push(JSON.stringify([sentence, fields]));
const log = { debug: note, info: note, warn: note, error: note };

type Asked = { path: string; headers: IncomingHttpHeaders; body: string };
const asked: Asked[] = [];
/** A service that knows one password. */
const service = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => {
    body += part;
  });
  request.on("end", () => {
    asked.push({ path: request.url ?? "", headers: request.headers, body });
    if (request.url?.startsWith("/down")) response.writeHead(500).end();
    else response.end(JSON.stringify({ known: true }));
  });
});

let server: TestServer;
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  server = await openTestServer({
    secretsFrom: [folder],
    context: makeContext({ log }),
    actorOf: ({ headers }) =>
      headers["x-role"] === "analyst" ? { name: "ann", role: "analyst" } : { name: "eve", role: "engineer" },
  });
}, 60_000);
afterAll(async () => {
  delete process.env.METRON_SECRET_TEST_TOKEN;
  await server[Symbol.asyncDispose]();
  service.close();
  rmSync(folder, { recursive: true });
}, 60_000);

const GLOBAL = "/config/documents/global/global";
const global = (free: string) => `workers: 1\nglobal:\n  stellar.rest.allow: [127.0.0.1]\n${free}`;

test("a secret that documents name is sent where it is meant for, and is in no file, log or answer", async () => {
  const named = global(`  stellar.rest.settings:
    basic.auth.user: metron
    basic.auth.password: { secret: { file: rest } }
    timeout: 20000
`);
  const answers: string[] = [];
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await server.send(method, path, { body });
    answers.push(await answer.text());
    expect(answer.status, answers.at(-1)).toBe(200);
    return JSON.parse(answers.at(-1) ?? "");
  };
  expect(await ask("PUT", GLOBAL, { text: named })).not.toHaveProperty("warnings");
  const variables =
    "variables: { enrichment: { service_token: { secret: { env: METRON_SECRET_TEST_TOKEN } } } }\n";
  const rest = [
    `known: "MAP_GET('known', REST_GET('${url}/get', {}, {'key': service_token}))"`,
    `posted: "REST_POST('${url}/post', {'token': service_token})"`,
    `down: "REST_GET('${url}/down', {}, {'key': service_token})"`,
    'seen: "TO_STRING(service_token)"',
  ];
  const text = `sensor: web\nparser: { jsonMap: {} }\n${variables}enrichments:\n  stellar:\n    ${rest.join("\n    ")}\n`;
  await ask("PUT", "/config/documents/sensor/web", { text });
  await ask("POST", "/ingest/web", { marked: "secret" });
  await server.platform.caughtUp();
  const { hits } = await ask("POST", "/search", { query: "marked:secret" });
  expect(hits).toMatchObject([{ known: true, seen: expect.stringContaining("METRON_SECRET_TEST_TOKEN") }]);

  const basic = `Basic ${btoa(`metron:${PASSWORD}`)}`;
  expect(asked.map(({ path, headers, body }) => [path, headers.authorization, body])).toEqual(
    expect.arrayContaining([
      [`/get?key=${TOKEN}`, basic, ""],
      ["/post", basic, JSON.stringify({ token: TOKEN })],
      [`/down?key=${TOKEN}`, basic, ""],
    ]),
  );

  // Who asks on the server cannot make it send anything.
  await ask("POST", "/stellar/evaluate", { expression: `REST_GET('${url}/get')` });
  await ask("POST", "/config/check", { kind: "global", name: "global", text: named });
  await ask("GET", GLOBAL);
  await ask("GET", `${GLOBAL}/history`);
  await ask("GET", `${GLOBAL}/diff?from=1&to=2`);
  await ask("GET", "/status");
  await server.platform.seal();
  expect(told.filter((line) => line.includes("A REST call failed."))).toEqual([
    expect.stringContaining(`${url}/down?key=hidden`),
  ]);
  const files = readdirSync(server.data, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(files.length).toBeGreaterThan(5);
  const everything = [
    ...files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1")),
    ...told,
    ...answers,
  ];
  for (const secret of [PASSWORD, TOKEN, btoa(`metron:${PASSWORD}`)])
    expect(everything.filter((text) => text.includes(secret))).toEqual([]);
  // The search would find them: it does find the names.
  expect(everything.some((text) => text.includes("METRON_SECRET_TEST_TOKEN"))).toBe(true);
}, 60_000);

test("a secret is read when it is used: a new text is sent without a publish, and a lost one is told by name", async () => {
  const text = global(`  stellar.rest.settings:
    basic.auth.user: metron
    basic.auth.password: { secret: { file: turning } }
    timeout: 20000
`);
  writeFileSync(join(folder, "turning"), "none");
  await server.json("PUT", GLOBAL, { text });
  const sensor = `sensor: turn\nparser: { jsonMap: {} }\ntransforms: [ { STELLAR: { known: "REST_GET('${url}/turn')" } } ]\n`;
  await server.json("PUT", "/config/documents/sensor/turn", { text: sensor });
  for (const password of ["one", "two"]) {
    writeFileSync(join(folder, "turning"), password);
    await server.json("POST", "/ingest/turn", { marked: password });
    await server.platform.caughtUp();
    expect(asked.at(-1)?.headers.authorization).toBe(`Basic ${btoa(`metron:${password}`)}`);
  }
  rmSync(join(folder, "turning"));
  await server.json("POST", "/ingest/turn", { marked: "three" });
  await server.platform.caughtUp();
  const body = { query: "failed_sensor_type:turn", sensors: ["error"] };
  const { hits } = (await server.json("POST", "/search", body)) as { hits: unknown[] };
  expect(hits).toMatchObject([
    { message: expect.stringContaining("the secret of file `turning` cannot be read: ENOENT") },
  ]);
}, 60_000);

test.each([
  ["a file outside of the allowed folders", "{ file: /etc/passwd }", /secrets are read below .* only/],
  ["a file by a path that leads out", "{ file: ../rest }", /secrets are read below .* only/],
  ["another variable of the environment", "{ env: PATH }", /`PATH` is no secret of Metron/],
  ["both", "{ file: rest, env: METRON_SECRET_X }", /either `file` or `env`/],
  ["a list", "{ file: [rest] }", /expected a text/],
  [
    "a file that is not there",
    "{ file: gone }",
    /the secret of file `gone` cannot be read: ENOENT; put it there/,
  ],
  [
    "a variable that is not set",
    "{ env: METRON_SECRET_GONE }",
    /the environment has no secret `METRON_SECRET_GONE`; set it where the platform is started/,
  ],
])("%s is refused as a secret, at its place", async (_what, secret, message) => {
  const text = global(`  deep: [ { secret: ${secret} } ]\n`);
  const problem = await refused(server.send("PUT", GLOBAL, { body: { text } }));
  expect(problem).toMatchObject({
    code: "CONFIG_INVALID",
    diagnostics: [{ line: 4, path: "global.deep.0.secret" }],
  });
  expect(problem.detail).toMatch(message);
  const sensor = `sensor: vars\nparser: { jsonMap: {} }\nvariables:\n  all: { key: { secret: ${secret} } }\n`;
  const other = await refused(
    server.send("PUT", "/config/documents/sensor/vars", { body: { text: sensor } }),
  );
  expect(other).toMatchObject({ diagnostics: [{ line: 4, path: "variables.all.key.secret" }] });
});

test("a plain credential is published with a warning, works, and is hidden from those who only read", async () => {
  const plain = (password: string) =>
    global(`  stellar.rest.settings: { basic.auth.user: metron, basic.auth.password: "${password}" }
  api_key: |
    ${password}
  basic.auth.password.path: /rest
  proxy: http://metron:${password}@proxy.example.org
  tokens: [${password}, { secret: { file: rest } }]
`);
  const published = (await server.json("PUT", GLOBAL, { text: plain("first-5e1f") })) as {
    warnings: unknown[];
  };
  expect(published.warnings).toMatchObject(
    [
      {
        severity: "warning",
        line: 4,
        path: "global.stellar.rest.settings.basic.auth.password",
        message: /secret: /,
      },
      { line: 5, path: "global.api_key", document: "global" },
      { line: 8, message: /an address with a password/ },
      { line: 9, path: "global.tokens.0" },
    ].map((found) => ({
      ...found,
      ...("message" in found && { message: expect.stringMatching(found.message as RegExp) }),
    })),
  );
  expect(told.filter((line) => line.includes("plain text")).length).toBeGreaterThanOrEqual(4);
  expect(told.join("\n")).not.toContain("first-5e1f");
  const { version } = (await server.json("PUT", GLOBAL, { text: plain("second-5e1f") })) as {
    version: number;
  };

  expect(await server.json("GET", GLOBAL)).toMatchObject({ text: plain("second-5e1f") });
  const read = await server.send("GET", GLOBAL, { headers: { "x-role": "analyst" } });
  expect(((await read.json()) as { text: string }).text).toBe(
    global(`  stellar.rest.settings: { basic.auth.user: metron, basic.auth.password: "<hidden>" }
  api_key: "<hidden>"

  basic.auth.password.path: /rest
  proxy: http://metron:<hidden>@proxy.example.org
  tokens: ["<hidden>", { secret: { file: rest } }]
`),
  );
  const diff = await server.send("GET", `${GLOBAL}/diff?from=${version - 1}&to=${version}`);
  const { lines } = (await diff.json()) as { lines: { change: string; text: string }[] };
  expect(lines.filter(({ change }) => change === "added").map(({ text }) => text.trim())).toContain(
    'tokens: ["<hidden>", { secret: { file: rest } }]',
  );
  expect(lines.some(({ change }) => change === "removed")).toBe(true);
  expect(JSON.stringify(lines)).not.toContain("5e1f");
});

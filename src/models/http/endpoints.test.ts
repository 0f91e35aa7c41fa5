import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { httpAccess } from "../../platform/services/http.ts";
import { compile } from "../../stellar/run/compile.ts";
import { layered, makeEnvironment } from "../../stellar/run/environment.ts";
import { toMessage } from "../../stellar/values/value.ts";
import { endpointsConfig, ModelEndpoints } from "./endpoints.ts";

/** A model in a thread of its own, as this one sleeps while it waits. It counts what it is asked. */
const SERVER = `
import { createServer } from "node:http";
import { parentPort } from "node:worker_threads";
let asked = 0;
const server = createServer((request, response) => {
  const url = new URL(request.url, "http://host");
  if (url.pathname !== "/asked") asked++;
  const json = (body) => response.end(JSON.stringify(body));
  if (url.pathname === "/asked") return json({ asked });
  if (url.pathname.endsWith("/broken")) return response.writeHead(500).end("{}");
  if (url.pathname.endsWith("/moved")) return response.writeHead(201).end("{}");
  if (url.pathname.endsWith("/list")) return json([1]);
  if (url.pathname.endsWith("/nothing")) return response.end("");
  if (url.pathname.endsWith("/refused")) return response.writeHead(422).end("{}");
  if (url.pathname.endsWith("/large")) return json({ text: "x".repeat(Number(url.searchParams.get("size"))) });
  if (url.pathname.endsWith("/silent")) return;
  const host = url.searchParams.get("host");
  json({ is_malicious: host === "badguy.com" ? "malicious" : "legit", path: url.pathname, query: [...url.searchParams], accept: request.headers.accept });
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

const workers: Worker[] = [];
let urls: string[];

beforeAll(async () => {
  urls = [];
  for (let index = 0; index < 2; index++) {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(SERVER)}`));
    workers.push(worker);
    const [port] = (await once(worker, "message")) as [number];
    urls.push(`http://127.0.0.1:${port}`);
  }
});
afterAll(() => Promise.all(workers.map((worker) => worker.terminate())));

let clock = 0;
/** How long each call takes by the clock, which stands otherwise. */
let takes = 0;
let draws: number[];
let warnings: Readonly<Record<string, unknown>>[];
beforeEach(() => {
  clock = 0;
  takes = 0;
  draws = [];
  warnings = [];
});

/** What an expression gives where some endpoints are registered. */
function evaluator(endpoints: readonly object[], milliseconds = 20_000, mostKept?: number) {
  const send = httpAccess(() => true);
  const models = new ModelEndpoints(endpointsConfig.parse({ endpoints, milliseconds }), {
    clock: { now: () => clock },
    send: (request) => {
      clock += takes;
      return send(request);
    },
    warn: (_sentence, fields) => void warnings.push(fields),
    random: () => draws.shift() ?? 0,
    ...(mostKept === undefined ? {} : { mostKept }),
  });
  const warn = (_sentence: string, fields: Readonly<Record<string, unknown>>) => void warnings.push(fields);
  const environment = makeEnvironment({ services: { models, warn } });
  return (text: string, variables: Readonly<Record<string, unknown>> = {}) =>
    toMessage(compile(text, environment).evaluate(layered(variables)));
}

async function asked(index = 0): Promise<number> {
  const answer = (await // A connection that is kept would be closed while this thread waits for a model.
  (await fetch(`${urls[index]}/asked`, { headers: { connection: "close" } })).json()) as { asked: number };
  return answer.asked;
}

const dga = (version = "1.0", index = 0, more: object = {}) => ({
  ...{ name: "dga", version, url: urls[index] },
  ...more,
});

test("the example of the original's guide: a model says which hosts are malicious", () => {
  const run = evaluator([dga()]);
  const text = "MAP_GET('is_malicious', MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'host': domain}))";
  expect(run(text, { domain: "badguy.com" })).toBe("malicious");
  expect(run(text, { domain: "yahoo.com" })).toBe("legit");
  expect(run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'host': 'a b&c'})")).toMatchObject({
    path: "/apply",
    query: [["host", "a b&c"]],
    accept: "application/json",
  });
  expect(warnings).toEqual([]);
});

test("the current version is the last in the order of text; an unknown one, or name, is null and told", () => {
  const run = evaluator([dga("1.10"), dga("1.9"), dga("1.2")]);
  expect(run("MAAS_GET_ENDPOINT('dga')")).toEqual({
    ...{ name: "dga", version: "1.9", url: urls[0] },
    "endpoint:apply": "apply",
  });
  expect(run("MAP_GET('version', MAAS_GET_ENDPOINT('dga', '1.10'))")).toBe("1.10");
  expect(run("MAAS_GET_ENDPOINT('dga', '2')")).toBeNull();
  expect(warnings).toEqual([]);
  expect(run("MAAS_GET_ENDPOINT('none')")).toBeNull();
  expect(warnings).toEqual([{ model: "none" }]);
});

test.each<[call: string, path: string]>([
  ["MAAS_MODEL_APPLY(e, 'score', {'a': 'b'})", "/apply"],
  ["MAAS_MODEL_APPLY(e, 'score')", "/v2/score"],
  ["MAAS_MODEL_APPLY(e, 'other')", "/other"],
  ["MAAS_MODEL_APPLY(e, {'a': 'b'})", "/apply"],
  ["MAAS_MODEL_APPLY(only, 'score', {'a': 'b'})", "/v2/score"],
])("%s asks for %s", (call, path) => {
  const both = { functions: { apply: "apply", score: "/v2/score" } };
  const run = evaluator([dga("1", 0, both), dga("2", 0, { functions: { score: "v2/score" } })]);
  const answer = run(
    call.replace("e,", "MAAS_GET_ENDPOINT('dga', '1'),").replace("only,", "MAAS_GET_ENDPOINT('dga', '2'),"),
  );
  expect(answer).toMatchObject({ path });
});

test("fewer than two arguments are an error; what is no endpoint, or an argument that is no text, is null", () => {
  const run = evaluator([dga()]);
  expect(() => run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'))")).toThrow("MAAS_MODEL_APPLY");
  expect(run("MAAS_MODEL_APPLY('dga', {'a': 'b'})")).toBeNull();
  expect(run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('none'), {'a': 'b'})")).toBeNull();
  expect(run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'a': 1})")).toBeNull();
  expect(warnings.at(-1)).toEqual({ argument: "a" });
});

test("answers are kept for ten minutes by name, version, function and arguments", async () => {
  const run = evaluator([dga(), dga("0.9")]);
  const apply = (args: string, version = "1.0") =>
    run(`MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga', '${version}'), ${args})`);
  const before = await asked();
  for (let time = 0; time < 5; time++) apply("{'host': 'x'}");
  expect(await asked()).toBe(before + 1);
  apply("{'host': 'y'}");
  apply("{'host': 'x'}", "0.9");
  expect(await asked()).toBe(before + 3);
  clock = 10 * 60_000 - 1;
  apply("{'host': 'x'}");
  expect(await asked()).toBe(before + 3);
  clock += 1;
  apply("{'host': 'x'}");
  expect(await asked()).toBe(before + 4);
});

test.each([
  ["broken", "status 500"],
  ["moved", "status 201"],
  ["refused", "status 422"],
  ["list", "it is no JSON object"],
  ["nothing", "it is no JSON object"],
])("an answer of /%s is null, told, and not kept", async (path, reason) => {
  const run = evaluator([dga()]);
  const before = await asked();
  const text = `MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), '${path}')`;
  expect([run(text), run(text)]).toEqual([null, null]);
  expect(await asked()).toBe(before + 2);
  expect(warnings).toEqual([
    { endpoint: urls[0], path, reason },
    { endpoint: urls[0], path, reason },
  ]);
});

test("a model that is silent costs its time three times, and then nothing for half a minute", async () => {
  const run = evaluator([dga()], 500);
  const before = await asked();
  const text = "MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), 'silent')";
  for (let time = 0; time < 20; time++) expect(run(text)).toBeNull();
  const failures = () => warnings.filter(({ reason }) => reason === "no answer within 500 ms");
  expect(failures()).toHaveLength(3);
  expect(warnings, "each call that is left out is told").toHaveLength(20);
  expect(warnings.at(-1)).toEqual({ endpoint: urls[0] });
  clock = 30_000;
  for (let time = 0; time < 20; time++) run(text);
  expect(failures()).toHaveLength(4);
  expect(await asked()).toBeLessThanOrEqual(before + 4);
});

test("an instance that failed is avoided for ten minutes while there is another; ten draws at the most", () => {
  const dead = { name: "dga", version: "1.0", url: "http://127.0.0.1:1" };
  const run = evaluator([dead, dga("1.0", 1)]);
  const drawn = () => run("MAP_GET('url', MAAS_GET_ENDPOINT('dga'))");
  expect(drawn()).toBe(dead.url);
  expect(run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'host': 'z'})")).toBeNull();
  draws = [0, 0, 0.9];
  expect(drawn()).toBe(urls[1]);
  expect(draws).toEqual([]);
  draws = new Array(10).fill(0);
  expect(drawn(), "the last draw stands").toBe(dead.url);
  clock = 10 * 60_000 - 1;
  draws = [0, 0.9];
  expect(drawn()).toBe(urls[1]);
  clock += 1;
  draws = [0, 0.9];
  expect(drawn()).toBe(dead.url);
});

test.each<[string, (endpoint: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>]>([
  ["address", (endpoint) => ({ ...endpoint, url: urls[1] })],
  ["name", (endpoint) => ({ ...endpoint, name: "other" })],
  ["version", (endpoint) => ({ ...endpoint, version: "2" })],
])("an endpoint whose %s a message made up is not called, and gets no kept answer", async (_, forge) => {
  const run = evaluator([dga()]);
  const text = "MAAS_MODEL_APPLY(e, {'a': 'b'})";
  expect(run(text, { e: dga() })).toMatchObject({ path: "/apply" });
  const before = [await asked(0), await asked(1)];
  expect(run(text, { e: forge(dga()) })).toBeNull();
  expect([await asked(0), await asked(1)]).toEqual(before);
  expect(warnings).toEqual([{}]);
});

test("each instance keeps its own answers", async () => {
  const run = evaluator([dga("1.0", 0), dga("1.0", 1)]);
  const before = [await asked(0), await asked(1)];
  for (const draw of [0, 0.9, 0, 0.9]) {
    draws = [draw];
    run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'host': 'own'})");
  }
  expect([await asked(0), await asked(1)]).toEqual(before.map((count) => count + 1));
});

test.each(["../admin", "a/../b", "./a", "a?b=c", "a#b", "a b", "%2e%2e/a", "//other", "a//b", "", "a\\b"])(
  "the function `%s`, which a message may name, is not asked for",
  async (name) => {
    const run = evaluator([dga()]);
    const before = await asked();
    expect(run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), f, {})", { f: name })).toMatchObject({
      path: "/apply",
    });
    expect(run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), f)", { f: name })).toBeNull();
    expect(await asked()).toBe(before + 1);
    expect(warnings).toEqual([{ endpoint: urls[0] }]);
  },
);

test("a kept answer is not changed by what an expression does with it", () => {
  const run = evaluator([dga()]);
  const apply = "MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'host': 'yahoo.com'})";
  expect(run(`MAP_GET('is_malicious', MAP_PUT('is_malicious', 'changed', ${apply}))`)).toBe("changed");
  expect(run(`MAP_GET('is_malicious', ${apply})`)).toBe("legit");
});

test("an answer that blames the arguments is no failure of the instance; arguments that are too long are not sent", async () => {
  const run = evaluator([dga()]);
  for (let time = 0; time < 5; time++)
    expect(run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), 'refused')")).toBeNull();
  const before = await asked();
  const long = { long: "x".repeat(8_000), odd: "\u00e4".repeat(2_000) };
  expect(run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'host': long})", long)).toBeNull();
  expect(run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'host': odd})", long)).toBeNull();
  expect(await asked()).toBe(before);
  expect(warnings.slice(-2)).toEqual(new Array(2).fill({ endpoint: urls[0], path: "apply" }));
  expect(run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'host': 'well'})")).toMatchObject({
    path: "/apply",
  });
});

test("a service that is slow but well gets five seconds at once, and later as much as all else takes", async () => {
  const run = evaluator([dga()]);
  takes = 900;
  let before = await asked();
  const ask = (batch: number) => {
    for (let row = 0; row < 50; row++)
      run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'host': host})", { host: `${batch}-${row}` });
  };
  ask(1);
  expect(await asked()).toBe(before + 6);
  expect(warnings).toHaveLength(44);
  before += 6;
  clock += 2_000;
  ask(2);
  expect(await asked(), "400 ms were too much, of 2,000").toBe(before + 2);
});

test("answers are kept in a bounded number of characters, the last used ones, and a huge one is none", async () => {
  // As in the original, arguments go to `apply`.
  const run = evaluator([dga("1.0", 0, { functions: { apply: "large" } })], 20_000, 10_000);
  const ask = (size: number, which: number) =>
    run("MAAS_MODEL_APPLY(MAAS_GET_ENDPOINT('dga'), {'size': size, 'which': which})", {
      ...{ size: `${size}`, which: `${which}` },
    });
  for (let which = 0; which < 8; which++) ask(1_000, which);
  const before = await asked();
  ask(1_000, 0);
  expect(await asked(), "kept").toBe(before);
  ask(1_000, 8);
  ask(1_000, 0);
  expect(await asked()).toBe(before + 1);
  ask(1_000, 1);
  expect(await asked(), "forgotten").toBe(before + 2);
  expect(ask(1_048_570, 0)).toBeNull();
  expect(warnings.at(-1)?.reason).toBe("it has 1048581 characters; at most 1048576 are read");
});

test.each([
  ["http://user:rosebud@models.example.org", "an address without a user"],
  ["http://models.example.org/?key=rosebud", "an address without a user"],
  ["http://models.example.org/#rosebud", "an address without a user"],
  ["ftp://models.example.org", "expected an address such as"],
])("the address %s is refused, and not repeated", (url, said) => {
  const refused = endpointsConfig.safeParse({ endpoints: [{ name: "dga", version: "1", url }] });
  expect(refused.error?.message).toContain(said);
  expect(refused.error?.message).not.toContain("rosebud");
});

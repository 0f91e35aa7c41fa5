import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServer, refused, type TestServer } from "./testing/platform-server.ts";

let server: TestServer;
let hurried: TestServer;
let roomy: TestServer;
beforeAll(async () => {
  server = await openTestServer({ expressions: { milliseconds: 60_000, megabytes: 48 } });
  hurried = await openTestServer({ expressions: { milliseconds: 200 } });
  roomy = await openTestServer({ expressions: { milliseconds: 60_000, megabytes: 128 } });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await hurried[Symbol.asyncDispose]();
  await roomy[Symbol.asyncDispose]();
}, 60_000);

const ask = (expression: string, message: object = {}, to = server) =>
  to.send("POST", "/stellar/evaluate", { body: { expression, message } });

const FORTY = `[${Array.from({ length: 40 }, (_, n) => n).join(", ")}]`;
const THOUSAND = "SPLIT(FILL_LEFT('', ',', 1000), ',')";

test.each([
  ["a list that doubles forty times", `REDUCE(${FORTY}, (s, x) -> [s, s], [1])`, "parts"],
  ["a list that holds itself", "REDUCE([1], (s, x) -> LIST_ADD(s, s), ['a'])", "holds itself"],
  ["a text that does not end", "FILL_LEFT('a', 'b', 2147483647)", "limit"],
])("%s has no value, and the answer says why", async (_name, expression, why) => {
  const response = await ask(expression);
  expect(response.status).toBe(200);
  const { value, diagnostics } = (await response.json()) as {
    value?: unknown;
    diagnostics: { message: string }[];
  };
  expect(value).toBeUndefined();
  expect(diagnostics.map(({ message }) => message).join()).toContain(why);
});

test("an expression that takes too long is ended, and others are answered", async () => {
  const doubled = "REDUCE(SPLIT(FILL_LEFT('', ',', 16), ','), (s, y) -> {'a': s, 'b': s}, [x])";
  const slow = `MAP(${THOUSAND}, x -> {${doubled} : 1})`;
  const [problem, other] = await Promise.all([refused(ask(slow, {}, hurried)), ask("1 + 1", {}, hurried)]);
  expect(problem).toMatchObject({ status: 422, code: "EXPRESSION_STOPPED" });
  expect(problem.detail).toContain("more than 0.2 s");
  expect(await other.json()).toMatchObject({ value: 2, type: "int" });
});

test("an expression that takes too much memory is ended, and the next is answered", async () => {
  const problem = await refused(ask(`LENGTH(MAP(${THOUSAND}, x -> SPLIT(FILL_LEFT(x, ',', 4500), ',')))`));
  expect(problem).toMatchObject({ status: 422, code: "EXPRESSION_STOPPED" });
  expect(problem.detail).toContain("48 MB");
  expect(await (await ask("1 + 1")).json()).toMatchObject({ value: 2 });
});

test("a text at many places of a value is told of and not written as often", async () => {
  const response = await ask(
    "MAP(SPLIT(FILL_LEFT('', ',', 40), ','), x -> FILL_LEFT('a', 'b', 16000000))",
    {},
    roomy,
  );
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    diagnostics: [{ message: expect.stringContaining("characters") }],
  });
});

test("what is left of earlier expressions does not end a later one", async () => {
  const statuses: number[] = [];
  for (let n = 0; n < 7; n++)
    statuses.push((await ask(`LENGTH(FILL_LEFT('a', 'b', ${16_000_000 + n}))`, {}, roomy)).status);
  expect(statuses).toEqual(Array(7).fill(200));
});

test("checking is bounded too", async () => {
  const slow = Array(1500).fill("REGEXP_MATCH('aaaaaaaaaaaaaaaaaaaaaaaaab', '(a|a)*c')").join(" and ");
  const response = await server.send("POST", "/stellar/check", { body: { expression: slow } });
  expect([200, 422]).toContain(response.status);
  expect(await (await ask("1 + 1")).json()).toMatchObject({ value: 2 });
});

test("numbers keep their types on the way", async () => {
  const answer = await (await ask("[1, 9007199254740993L, 5.0, 1.5F]")).text();
  expect(answer).toContain("9007199254740993");
});

test("a body that nests 5,000 deep is the sender's mistake", async () => {
  const nested = `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`;
  const text = `{"expression":"a","message":${nested}}`;
  const headers = { "content-type": "application/json" };
  const problem = await refused(server.send("POST", "/stellar/evaluate", { text, headers }));
  expect(problem).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
  expect(problem.detail).toContain("nests deeper");
});

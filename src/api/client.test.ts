import { expect, test } from "vitest";
import { messageFromJson } from "../core/message.ts";
import { answerOf, CallProblem, makeCall, requestOf } from "./client.ts";
import { publishDocument } from "./config.ts";
import { ingestRecords } from "./ingest.ts";
import { listIntel, loadIntel, removeIndicator } from "./intel.ts";
import { getMessage } from "./messages.ts";
import { searchMessages } from "./search.ts";

/** What goes out for a call, and what comes of the answers that servers and proxies give. */
test("parameters and queries are filled in, and what is absent is left out", () => {
  const { method, address, body } = requestOf(removeIndicator, {
    params: { type: "a/b ü" },
    query: { value: "x&y=1" },
  });
  expect([method, address, body]).toEqual([
    "DELETE",
    "/api/v1/intel/a%2Fb%20%C3%BC/indicators?value=x%26y%3D1",
    undefined,
  ]);
  const { address: plain } = requestOf(loadIntel, {
    params: { type: "t" },
    query: { as: undefined, replace: "true" },
  });
  expect(plain).toBe("/api/v1/intel/t?replace=true");
});

test("a body is JSON or the stream as it is, and says which", () => {
  const text = requestOf(publishDocument, { params: { kind: "sensor", name: "a" }, body: { text: "é" } });
  expect(text.headers["content-type"]).toBe("application/json");
  expect(text.body).toBe('{"text":"é"}');
  const stream = new Blob(["x"]);
  const sent = requestOf<typeof ingestRecords, Blob>(ingestRecords, {
    params: { sensor: "a" },
    body: stream,
    headers: { "content-encoding": "gzip" },
  });
  expect(sent.body).toBe(stream);
  expect(sent.headers).toMatchObject({ "content-type": "application/x-ndjson", "content-encoding": "gzip" });
  expect(requestOf(listIntel).headers).not.toHaveProperty("content-type");
});

test.each([
  ["a proxy's page", 502, "<html>", "SERVER_UNREACHABLE"],
  ["a proxy's JSON", 504, '{"error":1}', "SERVER_UNREACHABLE"],
  ["a page", 404, "<html>", "ANSWER_INVALID"],
  ["half of JSON", 500, '{"title', "ANSWER_INVALID"],
  ["no JSON at all", 200, "<html>", "ANSWER_INVALID"],
  ["another shape", 200, '{"message":5}', "ANSWER_INVALID"],
  ["nothing", 200, "", "ANSWER_INVALID"],
  [
    "a problem",
    404,
    '{"type":"x","title":"t","status":404,"detail":"no","code":"NOT_FOUND","advice":"a"}',
    "NOT_FOUND",
  ],
])("%s as an answer is a problem", async (_what, status, text, code) => {
  const call = makeCall({ send: async () => ({ status, text }), readJson: JSON.parse });
  const asked = call(getMessage, { params: { guid: "g" } });
  await expect(asked).rejects.toBeInstanceOf(CallProblem);
  await expect(asked).rejects.toMatchObject({ problem: { code } });
});

test("an answer of another form is told by its places, to the page and to the command line", async () => {
  const call = makeCall({ send: async () => ({ status: 200, text: "{}" }), readJson: JSON.parse });
  await expect(call(listIntel)).rejects.toMatchObject({
    problem: {
      detail: expect.stringMatching(/^The answer has another form than expected: \w+: Invalid input: /),
      advice: expect.stringMatching(/Reload the page, or use the command line that came with the server/),
    },
  });
});

test("an answer keeps the numbers, keys and further fields that the environment reads", () => {
  const text = '{"hits":[{"__proto__":1,"long":9007199254740993}],"hints":[],"took":1,"later":true}';
  const answer = answerOf(searchMessages, { status: 200, text }, messageFromJson);
  expect(Object.keys(answer.hits[0] ?? {})).toEqual(["__proto__", "long"]);
  expect(answer.hits[0]?.long).toBe(9007199254740993n);
  expect(answer).toHaveProperty("later");
});

import { expect, test } from "vitest";
import { plainCredentials, withoutCredentials } from "./secrets.ts";

/** Which values of documents are credentials, and what is shown in their place. */
const shown = (text: string) => withoutCredentials("global", text);
const told = (text: string) =>
  plainCredentials([{ kind: "global", name: "global", text }]).map(({ line, path }) => [line, path]);

test.each([
  ["a password", "password: abc"],
  ["a key in quotes", '"xpack.password": "a b"'],
  ["camel case", "clientSecret: abc"],
  ["a number", "token: 12345"],
  ["an API key", "api-key: abc"],
  ["a list of them", "tokens: [abc]"],
  ["a map of them", "credentials: { user: abc }"],
])("%s is hidden", (_what, pair) => {
  const text = `global:\n  ${pair} # why\n`;
  const hidden = text.replace(/"a b"|abc|12345/, '"<hidden>"');
  expect(shown(text)).toBe(hidden);
  expect(told(text)).toHaveLength(1);
  expect(told(text)[0]?.[0]).toBe(2);
  // What is hidden from readers is told as a plain credential to the person who publishes it.
  expect(shown(hidden)).toBe(hidden);
});

test.each([
  ["a path of a password", "global: { basic.auth.password.path: /rest }"],
  ["a name of a secret", "global: { password: { secret: { env: METRON_SECRET_X } } }"],
  ["nothing", 'global: { password: null, token: "" }'],
  ["another part of the document", "hosts: [ { ip: 10.0.0.1, token: abc } ]"],
  ["an address without a password", "global: { url: 'http://user@host:80/a:b@c' }"],
])("%s is shown", (_what, text) => {
  expect(shown(text)).toBe(text);
  expect(told(text)).toEqual([]);
});

test("a password is hidden in an address wherever it stands, once, and an anchored value where it is written", () => {
  const text =
    "# see http://a:one@host\nhosts: []\nglobal:\n  x: &x two\n  token: *x\n  password: ftp://b:three@host\n";
  expect(shown(text)).toBe(
    '# see http://a:<hidden>@host\nhosts: []\nglobal:\n  x: &x "<hidden>"\n  token: *x\n  password: "<hidden>"\n',
  );
  expect(told(text)).toEqual([
    [1, ""],
    [4, "global.token"],
    [6, "global.password"],
  ]);
  expect(withoutCredentials("functions", "f := () -> REST_GET('http://a:one@host')")).toBe(
    "f := () -> REST_GET('http://a:<hidden>@host')",
  );
});

test("a document full of credentials, or of what only begins like one, is soon looked through", () => {
  const many = `global:\n${Array.from({ length: 5000 }, (_, n) => `  token${n}_token: http://a:b@c${n}\n`).join("")}`;
  expect(shown(many).match(/<hidden>/g)).toHaveLength(5000);
  expect(told(many)).toHaveLength(100);
  expect(shown(`# ${"a.".repeat(500_000)}\n`)).toHaveLength(1_000_003);
});

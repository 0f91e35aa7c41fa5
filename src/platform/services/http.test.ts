import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../stellar/run/compile.ts";
import { layered, makeEnvironment } from "../../stellar/run/environment.ts";
import { toMessage } from "../../stellar/values/value.ts";
import { allowedHosts, httpAccess } from "./http.ts";

/** A server in a thread of its own: this one sleeps while it waits for answers. */
const SERVER = `
import { createServer } from "node:http";
import { parentPort } from "node:worker_threads";
const server = createServer((request, response) => {
  const url = new URL(request.url, "http://host");
  const json = (body) => response.end(JSON.stringify(body));
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    if (url.pathname === "/slow") return setTimeout(() => json({}), 5000).unref();
    if (url.pathname === "/away") return response.writeHead(302, { location: "http://localhost:" + server.address().port + "/echo" }).end();
    if (url.pathname === "/moved") return response.writeHead(302, { location: "/echo?moved=yes" }).end();
    if (url.pathname === "/loop") return response.writeHead(302, { location: "/loop" }).end();
    if (url.pathname === "/large") return response.end("x".repeat(20_000_000));
    json({ method: request.method, query: Object.fromEntries(url.searchParams), body, accept: request.headers.accept, authorization: request.headers.authorization, path: request.url.slice(0, 20) });
  });
});
server.on("connect", (request, socket) => socket.end("HTTP/1.1 403 Forbidden\\r\\n\\r\\n"));
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

let worker: Worker;
let port: number;

beforeAll(async () => {
  worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(SERVER)}`));
  [port] = (await once(worker, "message")) as [number];
});
afterAll(() => worker.terminate());

const warnings: unknown[] = [];

function run(text: string, allows: (url: URL) => boolean = () => true): unknown {
  const services = {
    http: httpAccess(allows),
    warn: (_sentence: string, fields: Readonly<Record<string, unknown>>) =>
      void warnings.push(fields.failure),
  };
  const url = `http://127.0.0.1:${port}`;
  return toMessage(compile(text, makeEnvironment({ services })).evaluate(layered({ url })));
}

describe("REST functions", () => {
  test("call a service and wait for its answer", () => {
    expect(run("REST_GET(JOIN([url, '/echo'], ''), {}, {'a': 'b'})")).toMatchObject({
      method: "GET",
      query: { a: "b" },
      accept: "application/json",
    });
    expect(run("REST_POST(JOIN([url, '/echo'], ''), {'a': 1})")).toMatchObject({
      method: "POST",
      body: '{"a":1}',
    });
  });

  test("give up in time, and the next call has its own answer", () => {
    expect(run("REST_GET(JOIN([url, '/slow'], ''), {'timeout': 100})")).toBeNull();
    expect(warnings.at(-1)).toBe("no answer within 100 ms");
    expect(run("REST_GET(JOIN([url, '/echo'], ''))")).toMatchObject({ method: "GET" });
    expect(run("REST_GET(JOIN([url, '/slow'], ''), {'timeout': 4000, 'socket.timeout': 50})")).toBeNull();
    expect(warnings.at(-1)).toBe("silent for 50 ms");
  });

  test("know the credentials of an address", () => {
    const answer = run(`REST_GET('http://a:b%3Fc@127.0.0.1:${port}/echo')`);
    expect(answer).toMatchObject({ authorization: `Basic ${btoa("a:b?c")}` });
  });

  test("follow a redirection on the same host alone, and not for ever", () => {
    expect(run("REST_GET(JOIN([url, '/moved'], ''))")).toMatchObject({ query: { moved: "yes" } });
    expect(run("REST_GET(JOIN([url, '/away'], ''))")).toBeNull();
    expect(warnings.at(-1)).toBe("status 302");
    expect(run("REST_GET(JOIN([url, '/loop'], ''))")).toBeNull();
  });

  test("refuse an answer without end, a closed port and other schemes", () => {
    expect(run("REST_GET(JOIN([url, '/large'], ''), {'timeout': 5000})")).toBeNull();
    expect(warnings.at(-1)).toMatch("more than 16777216 bytes");
    expect(run("REST_GET('http://127.0.0.1:1/')")).toBeNull();
    expect(warnings.at(-1)).toMatch("ECONNREFUSED");
    expect(run("REST_GET('file:///etc/passwd')")).toBeNull();
  });

  test("reach allowed hosts only", () => {
    expect(
      run("REST_GET(JOIN([url, '/echo'], ''))", allowedHosts(["example.com", "127.0.0.1:1"])),
    ).toBeNull();
    expect(warnings.at(-1)).toContain("is not in `stellar.rest.allow`");
    expect(run("REST_GET(JOIN([url, '/echo'], ''))", allowedHosts("127.0.0.1"))).not.toBeNull();
    expect(allowedHosts([])).toBeUndefined();
    expect(allowedHosts(undefined)).toBeUndefined();
  });

  test("go through a proxy", () => {
    const get = (url: string) =>
      run(`REST_GET('${url}', {'timeout': 5000, 'proxy.host': '127.0.0.1', 'proxy.port': ${port}})`);
    expect(get("http://service.invalid/echo")).toMatchObject({ path: "http://service.inval" });
    expect(get("http://service.invalid/large")).toBeNull();
    expect(warnings.at(-1)).toMatch("more than 16777216 bytes");
    expect(get("https://service.invalid/echo")).toBeNull();
    expect(warnings.at(-1)).toContain("403");
  });
});

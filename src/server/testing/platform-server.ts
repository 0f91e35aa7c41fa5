import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { z } from "zod";
import { API_BASE } from "../../api/endpoint.ts";
import { problem } from "../../api/problem.ts";
import { openPlatform, type Platform, type PlatformOptions } from "../../platform/platform.ts";
import { type ServerOptions, startServer } from "../server.ts";

export type Sent = {
  text?: string | Uint8Array<ArrayBuffer>;
  body?: unknown;
  headers?: Record<string, string>;
};

/** A server over a platform of one sensor, `web` unless others are named, on a folder of its own, for tests. */
export type TestServer = AsyncDisposable & {
  readonly platform: Platform;
  /** The data folder. */
  readonly data: string;
  readonly url: string;
  readonly routes: readonly string[];
  /** Sends a request to a path below the API's. */
  send(method: string, path: string, sent?: Sent): Promise<Response>;
  /** The answer to a call that works. */
  json(method: string, path: string, body?: unknown): Promise<unknown>;
};

/** @param global the global document it begins with. */
export async function openTestServer({
  global = "workers: 1\n",
  sensors = ["web"],
  ...options
}: Pick<PlatformOptions, "expressions" | "context" | "secretsFrom"> &
  Pick<ServerOptions, "limits" | "actorOf"> & {
    global?: string;
    sensors?: readonly string[];
  } = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "metron-server-"));
  const file = (name: string, text: string) => {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  file("defaults/metron.yaml", global);
  for (const sensor of sensors)
    file(`defaults/sensors/${sensor}.yaml`, `sensor: ${sensor}\nparser: { jsonMap: {} }\n`);
  file("ui/index.html", "<title>Metron</title>");
  file("ui/assets/main-1a2b.js", "1");
  const defaults = join(folder, "defaults");
  const data = join(folder, "data");
  const platform = await openPlatform({ data, defaults, sources: false, ...options });
  const server = await startServer(platform, {
    host: "127.0.0.1",
    port: 0,
    ui: join(folder, "ui"),
    ...options,
  });
  const send: TestServer["send"] = (method, path, { text, body, headers = {} } = {}) => {
    const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const type = text === undefined && body !== undefined ? { "content-type": "application/json" } : {};
    return fetch(server.url + API_BASE + path, {
      method,
      headers: { ...type, ...headers },
      ...(content === undefined ? {} : { body: content }),
    });
  };
  return {
    platform,
    data,
    url: server.url,
    routes: server.routes,
    send,
    async json(method, path, body) {
      const response = await send(method, path, { body });
      expect(response.status, `${method} ${path}`).toBe(200);
      return response.json();
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await platform[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Reads the problem that a refusal must carry. */
export async function refused(response: Promise<Response>): Promise<z.output<typeof problem>> {
  const answer = await response;
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  const read = problem.parse(await answer.json());
  expect(read.status).toBe(answer.status);
  expect(read.advice).not.toBe("");
  return read;
}

/** A server that speaks as S3 does, of foreign make: moto, through Python. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { sign } from "aws4";
import type { S3Settings } from "../../src/storage/archive/contract.ts";
import { endProcess, freePorts } from "./servers.ts";

export type Moto = AsyncDisposable & {
  readonly url: string;
  /** Makes a bucket, and answers how it is reached. */
  bucket(name: string): Promise<S3Settings>;
};

const TRIES = 300;

/** Starts it; it goes when it is disposed of. */
export async function startMoto(python: string): Promise<Moto> {
  const [port = 0] = await freePorts(1);
  const child = spawn(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.on("data", (part) => {
    said = `${said}${part}`.slice(-4000);
  });
  const url = `http://127.0.0.1:${port}`;
  const ended = once(child, "exit");
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries === TRIES) throw new Error(`moto did not start: ${said}`);
    if ((await fetch(`${url}/moto-api/`).catch(() => undefined)) !== undefined) break;
    await delay(100);
  }
  return {
    url,
    async bucket(name) {
      const settings: S3Settings = {
        ...{ endpoint: url, region: "us-east-1", bucket: name, prefix: "metron/one", addressing: "path" },
        ...{ key: "key", secret: "secret" },
      };
      const { headers = {} } = sign(
        { service: "s3", region: "us-east-1", method: "PUT", host: new URL(url).host, path: `/${name}` },
        { accessKeyId: settings.key, secretAccessKey: settings.secret },
      );
      const made = await fetch(`${url}/${name}`, {
        method: "PUT",
        headers: Object.entries(headers).map(([header, value]) => [header, `${value}`] as [string, string]),
      });
      if (!made.ok) throw new Error(`making bucket ${name}: ${made.status} ${await made.text()}`);
      return settings;
    },
    async [Symbol.asyncDispose]() {
      await endProcess(child, "SIGTERM");
      await ended;
    },
  };
}

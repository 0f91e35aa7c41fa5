/** A server that speaks as S3 does, of foreign make: moto, through Python. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import aws4 from "aws4";
import type { S3Settings } from "../../src/storage/archive/contract.ts";
import { endProcess, freePorts } from "./servers.ts";

export type Moto = AsyncDisposable & {
  readonly url: string;
  /** Makes a bucket, and answers how it is reached. */
  bucket(name: string): Promise<S3Settings>;
  /** From now on refuses requests whose signature is not that of the key it answers, which may do everything. */
  guard(): Promise<Pick<S3Settings, "key" | "secret">>;
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
      await ask(url, "s3", "PUT", `/${name}`);
      return settings;
    },
    async guard() {
      const iam = (action: string, more: Readonly<Record<string, string>> = {}) =>
        ask(url, "iam", "POST", "/", {
          ...{ Action: action, Version: "2010-05-08", UserName: "metron" },
          ...more,
        });
      await iam("CreateUser");
      const made = await iam("CreateAccessKey");
      const everything = { Effect: "Allow", Action: "*", Resource: "*" };
      const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [everything] });
      await iam("PutUserPolicy", { PolicyName: "all", PolicyDocument });
      // How many more requests need no signature.
      await fetch(`${url}/moto-api/reset-auth`, { method: "POST", body: "0" });
      const part = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(made)?.[1] ?? "";
      return { key: part("AccessKeyId"), secret: part("SecretAccessKey") };
    },
    async [Symbol.asyncDispose]() {
      await endProcess(child, "SIGTERM");
      await ended;
    },
  };
}

/** Sends a request of Amazon's APIs and answers what comes. */
async function ask(
  url: string,
  service: string,
  method: string,
  path: string,
  form?: Readonly<Record<string, string>>,
): Promise<string> {
  const body = form && new URLSearchParams(form).toString();
  const { headers = {} } = aws4.sign(
    {
      service,
      region: "us-east-1",
      method,
      host: new URL(url).host,
      path,
      ...(body !== undefined && { body }),
    },
    { accessKeyId: "key", secretAccessKey: "secret" },
  );
  const sent = Object.entries(headers).map(([header, value]) => [header, `${value}`] as [string, string]);
  const answer = await fetch(`${url}${path}`, { method, headers: sent, body: body ?? null });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`asking ${service}: ${answer.status} ${text}`);
  return text;
}

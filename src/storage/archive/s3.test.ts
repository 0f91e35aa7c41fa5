import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { type Moto, startMoto } from "../../../scripts/cluster/moto.ts";
import { deafAddress, type GuardedProxy, guardServer } from "../index/testing/guarded-proxy.ts";
import { askPython, pythonWith } from "../index/testing/python.ts";
import type { ArchiveStore, S3Settings } from "./contract.ts";
import { openS3 } from "./s3.ts";
import { describeStore, localFile } from "./testing/describe-store.ts";

const python = pythonWith("moto.server");
const { signal } = new AbortController();
let starting: Promise<Moto> | undefined;
let buckets = 0;

function moto(): Promise<Moto> {
  starting ??= startMoto(python ?? "");
  return starting;
}

async function bucket(): Promise<S3Settings> {
  return (await moto()).bucket(`bucket-${buckets++}`);
}

afterAll(async () => (await starting)?.[Symbol.asyncDispose]());

/** A store behind a proxy that has faults, which starts without any. */
async function behindProxy(
  change: Partial<S3Settings> = {},
  madeOn?: string,
): Promise<{ store: ArchiveStore; proxy: GuardedProxy }> {
  const settings = await bucket();
  const proxy = await guardServer((await moto()).url, madeOn === undefined ? {} : { madeOn });
  const store = openS3({ ...settings, endpoint: proxy.url, authority: proxy.authority, ...change });
  onTestFinished(async () => {
    await store[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });
  return { store, proxy };
}

const faultOf = async (work: Promise<unknown>): Promise<{ code: string; message: string }> =>
  work.then(
    () => ({ code: "none", message: "" }),
    (error) => error,
  );

describe.skipIf(python === undefined)("S3", () => {
  describeStore("S3", async () => openS3(await bucket()));

  test("a server that is busy, cuts its answers off or connections is asked again", async () => {
    const { store, proxy } = await behindProxy();
    const file = await localFile(300_000);
    let failures = 2;
    proxy.answer = () =>
      failures-- > 0 ? { status: 503, body: "<Error><Code>SlowDown</Code></Error>" } : undefined;
    await store.put("a/1", file, "once", signal);
    expect(failures).toBeLessThan(0);
    let cuts = 2;
    proxy.cutAfter = () => (cuts-- > 0 ? 100_000 : undefined);
    expect((await store.read("a/1", 0, 300_000, signal)).length).toBe(300_000);
    expect(cuts).toBeLessThan(0);
  });

  test.each<[string, Partial<S3Settings>, (proxy: GuardedProxy) => void, string, RegExp]>([
    [
      "a bucket that does not exist",
      { bucket: "no-such-bucket" },
      () => undefined,
      "ARCHIVE_REFUSED",
      /the bucket does not exist; make it, or correct `storage\.s3\.bucket`/,
    ],
    [
      "a wrong secret",
      {},
      (proxy) => {
        proxy.answer = () => ({ status: 403, body: "<Error><Code>SignatureDoesNotMatch</Code></Error>" });
      },
      "ARCHIVE_REFUSED",
      /the secret does not belong to the access key; correct `storage\.s3\.secret`/,
    ],
    [
      "a server without conditional writes",
      {},
      (proxy) => {
        proxy.answer = () => ({ status: 501, body: "<Error><Code>NotImplemented</Code></Error>" });
      },
      "ARCHIVE_REFUSED",
      /it lacks conditional writes/,
    ],
    [
      "a server that stays busy",
      {},
      (proxy) => {
        proxy.answer = () => ({
          status: 503,
          body: "<Error><Code>SlowDown</Code><Message>later</Message></Error>",
        });
      },
      "ARCHIVE_UNREACHABLE",
      /cannot be used: it answers 503: SlowDown: later/,
    ],
    [
      "a server that cuts connections",
      {},
      (proxy) => {
        proxy.isCut = true;
      },
      "ARCHIVE_UNREACHABLE",
      /cannot be used: /,
    ],
    [
      "a certificate of an unknown authority",
      { authority: undefined },
      () => undefined,
      "ARCHIVE_REFUSED",
      /the certificate of the archive at .* is not accepted: self-signed certificate; renew it, or name who signed it under `storage\.s3\.authority`/,
    ],
  ])("says what to do about %s", async (_name, change, spoil, code, message) => {
    const { store, proxy } = await behindProxy(change);
    spoil(proxy);
    const file = await localFile(10);
    for (const work of [
      () => store.writeManifest("text", undefined, signal),
      () => store.put("a/1", file, "once", signal),
      () => store.read("a/1", 0, 10, signal),
    ]) {
      const fault = await faultOf(work());
      expect(fault).toMatchObject({ code });
      expect(fault.message).toMatch(message);
    }
  });

  test("says that a certificate has expired", async () => {
    const { store } = await behindProxy({}, "2020-01-01");
    const fault = await faultOf(store.readManifest(signal));
    expect(fault).toMatchObject({ code: "ARCHIVE_REFUSED" });
    expect(fault.message).toMatch(/is not accepted: certificate has expired; renew it/);
  });

  test("signs as a server of foreign make checks it, and says when the key or its secret is wrong", async () => {
    await using own = await startMoto(python ?? "");
    const settings = await own.bucket("guarded");
    const key = await own.guard();
    await using store = openS3({ ...settings, ...key });
    const path = "sensor-a/1.parquet";
    await store.put(path, await localFile(1000), "once", signal);
    expect((await store.read(path, 10, 20, signal)).length).toBe(20);
    const version = await store.writeManifest("text", undefined, signal);
    await store.writeManifest("text", version, signal);
    await store.remove(path, signal);
    await using wrongSecret = openS3({ ...settings, ...key, secret: "wrong" });
    const secret = await faultOf(wrongSecret.readManifest(signal));
    expect(secret).toMatchObject({ code: "ARCHIVE_REFUSED" });
    expect(secret.message).toMatch(
      /the secret does not belong to the access key; correct `storage\.s3\.secret`/,
    );
    await using wrongKey = openS3({ ...settings, ...key, key: "AKIAWRONG" });
    const unknown = await faultOf(wrongKey.readManifest(signal));
    expect(unknown).toMatchObject({ code: "ARCHIVE_REFUSED" });
    expect(unknown.message).toMatch(/it does not know the access key; correct `storage\.s3\.key`/);
  });

  test("signs names of all kinds as Amazon's own library does", async () => {
    const sent: { url: string; method: string; headers: Record<string, string> }[] = [];
    const server = createServer(({ url = "", method = "", headers }, answer) => {
      sent.push({ url, method, headers: headers as Record<string, string> });
      answer.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = { endpoint: origin, bucket: "bucket", prefix: "a=b/c", region: "eu-west-1" } as const;
    const keys = { key: "AKIAKEY", secret: "secret/+", token: "token", addressing: "path" } as const;
    await using store = openS3({ ...settings, ...keys });
    const path = "sensor=a%20b+(c)'ä*!~/day=2026-11-21/1.parquet";
    await store.put(path, await localFile(1000), "once", signal);
    await store.remove(path, signal);
    const key = `${settings.bucket}/${settings.prefix}/${path}`;
    for (const request of sent)
      expect(askPython(python ?? "", BOTOCORE, JSON.stringify({ ...request, origin, key }))).toEqual({
        url: request.url,
        signature: /Signature=([0-9a-f]+)/.exec(request.headers.authorization ?? "")?.[1],
      });
    expect(sent.map(({ method }) => method)).toEqual(["PUT", "DELETE"]);
  });

  test("says that nobody listens", async () => {
    await using store = openS3({ ...(await bucket()), endpoint: await deafAddress() });
    const fault = await faultOf(store.readManifest(signal));
    expect(fault).toMatchObject({ code: "ARCHIVE_UNREACHABLE" });
    expect(fault.message).toMatch(/ECONNREFUSED/);
  });
});

const BOTOCORE = `
import json, re, sys
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode
sent = json.loads(sys.argv[1])
headers = sent["headers"]
signed = re.search("SignedHeaders=([^,]+)", headers["authorization"])[1].split(";")
url = "/" + percent_encode(sent["key"], safe="/~")
request = AWSRequest(sent["method"], sent["origin"] + url, headers={name: headers[name] for name in signed})
request.context["timestamp"] = headers["x-amz-date"]
auth = S3SigV4Auth(Credentials("AKIAKEY", "secret/+", "token"), "s3", "eu-west-1")
told = auth.string_to_sign(request, auth.canonical_request(request))
print(json.dumps({"url": url, "signature": auth.signature(told, request)}))
`;

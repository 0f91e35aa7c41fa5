import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { type Moto, startMoto } from "../../../scripts/cluster/moto.ts";
import { deafAddress, type GuardedProxy, guardServer } from "../index/testing/guarded-proxy.ts";
import { pythonWith } from "../index/testing/python.ts";
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

  test("says that nobody listens", async () => {
    await using store = openS3({ ...(await bucket()), endpoint: await deafAddress() });
    const fault = await faultOf(store.readManifest(signal));
    expect(fault).toMatchObject({ code: "ARCHIVE_UNREACHABLE" });
    expect(fault.message).toMatch(/ECONNREFUSED/);
  });
});

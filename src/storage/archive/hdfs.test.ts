import { describe, expect, onTestFinished, test } from "vitest";
import { deafAddress, type GuardedProxy, guardServer } from "../index/testing/guarded-proxy.ts";
import type { ArchiveStore, HdfsSettings } from "./contract.ts";
import { openHdfs } from "./hdfs.ts";
import { describeStore, localFile } from "./testing/describe-store.ts";
import { hdfsFolder } from "./testing/hdfs.ts";

const { signal } = new AbortController();
const isThere = (await hdfsFolder()) !== undefined;

async function folder(): Promise<HdfsSettings> {
  const settings = await hdfsFolder();
  if (settings === undefined) throw new Error("there is no HDFS");
  return settings;
}

const faultOf = async (work: Promise<unknown>): Promise<{ code: string; message: string }> =>
  work.then(
    () => ({ code: "none", message: "" }),
    (error) => error,
  );

/** A store whose name node is behind a proxy that has faults. */
async function behindProxy(
  change: Partial<HdfsSettings> = {},
): Promise<{ store: ArchiveStore; proxy: GuardedProxy }> {
  const settings = await folder();
  const proxy = await guardServer(settings.nodes[0] ?? "");
  const store = openHdfs({ ...settings, nodes: [proxy.url], authority: proxy.authority, ...change });
  onTestFinished(async () => {
    await store[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });
  return { store, proxy };
}

const remote = (exception: string, message: string) =>
  JSON.stringify({ RemoteException: { exception, javaClassName: exception, message } });

describe.skipIf(!isThere)("HDFS", () => {
  describeStore("HDFS", async () => openHdfs(await folder()));

  test("a name node on standby or that is gone is passed over", async () => {
    const { store, proxy } = await behindProxy();
    let failures = 2;
    proxy.answer = () =>
      failures-- > 0 ? { status: 403, body: remote("StandbyException", "state standby") } : undefined;
    const file = await localFile(100_000);
    await store.put("a/1", file, "once", signal);
    expect(failures).toBeLessThan(0);
    const { nodes, ...others } = await folder();
    await using second = openHdfs({ ...others, nodes: [await deafAddress(), ...nodes] });
    await second.put("a/1", file, "once", signal);
    expect((await second.read("a/1", 0, 100_000, signal)).length).toBe(100_000);
  });

  test("a user who may not write there is told so", async () => {
    await using store = openHdfs({ ...(await folder()), user: "nobody", folder: "/forbidden" });
    const fault = await faultOf(store.put("a/1", await localFile(10), "once", signal));
    expect(fault).toMatchObject({ code: "ARCHIVE_REFUSED" });
    expect(fault.message).toMatch(
      /Permission denied: user=nobody.*let `storage\.hdfs\.user` \(nobody\) write/,
    );
  });

  test.each<[string, (proxy: GuardedProxy) => void, string, RegExp]>([
    [
      "a quota that is used up",
      (proxy) => {
        proxy.answer = () => ({
          status: 403,
          body: remote("DSQuotaExceededException", "The DiskSpace quota is exceeded"),
        });
      },
      "ARCHIVE_REFUSED",
      /The DiskSpace quota is exceeded; raise the quota, or shorten `archive\.retentionDays`/,
    ],
    [
      "safe mode that lasts",
      (proxy) => {
        proxy.answer = () => ({
          status: 403,
          body: remote("SafeModeException", "Name node is in safe mode"),
        });
      },
      "ARCHIVE_UNREACHABLE",
      /cannot be used: it answers 403: Name node is in safe mode/,
    ],
    [
      "a server that is no name node",
      (proxy) => {
        proxy.answer = () => ({ status: 404, body: "<html>Not Found</html>" });
      },
      "ARCHIVE_REFUSED",
      /there is no WebHDFS at this address; correct `storage\.hdfs\.nodes`/,
    ],
    [
      "connections that are cut",
      (proxy) => {
        proxy.isCut = true;
      },
      "ARCHIVE_UNREACHABLE",
      /cannot be used: /,
    ],
  ])("says what to do about %s", async (_name, spoil, code, message) => {
    const { store, proxy } = await behindProxy();
    spoil(proxy);
    const fault = await faultOf(store.put("a/1", await localFile(10), "once", signal));
    expect(fault).toMatchObject({ code });
    expect(fault.message).toMatch(message);
  });

  test("a draft of the list keeps others out, and one that its writer left behind does not for ever", async () => {
    const settings = await folder();
    await using store = openHdfs(settings);
    const url = (op: string) =>
      `${settings.nodes[0]}/webhdfs/v1${settings.folder}/__manifest.json.tmp?${op}&user.name=${settings.user}`;
    await store.put("_manifest.json", await localFile(Buffer.from("half of a li")), "replace", signal);
    const draft = `${settings.folder}/__manifest.json.tmp`;
    const from = `${settings.nodes[0]}/webhdfs/v1${settings.folder}/_manifest.json`;
    await fetch(`${from}?op=RENAME&destination=${draft}&user.name=${settings.user}`, { method: "PUT" });
    expect(await faultOf(store.writeManifest("one", undefined, signal))).toMatchObject({
      code: "ARCHIVE_CONFLICT",
    });
    expect(await store.readManifest(signal)).toBeUndefined();
    const before = Date.now() - 120_000;
    await fetch(url(`op=SETTIMES&modificationtime=${before}`), { method: "PUT" });
    await store.writeManifest("one", undefined, signal);
    expect((await store.readManifest(signal))?.text).toBe("one");
  });
});

/** A platform that archives: what it drops for its age is found as before, by whoever asks for all sensors. */
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { startMoto } from "../../scripts/cluster/moto.ts";
import { pythonWith } from "../storage/index/testing/python.ts";
import { numbers, send, testPlatforms, upTo } from "./testing/test-platform.ts";

const python = pythonWith("moto.server");
const DAY = 86_400_000;
const moto = python === undefined ? undefined : await startMoto(python);

afterAll(async () => moto?.[Symbol.asyncDispose]());

/** The global document of a platform that archives to a bucket of its own; its secrets are in the environment. */
async function globalOf(bucket: string): Promise<string> {
  const settings = await moto?.bucket(bucket);
  process.env.METRON_SECRET_ARCHIVE_KEY = settings?.key;
  process.env.METRON_SECRET_ARCHIVE_SECRET = settings?.secret;
  onTestFinished(() => {
    delete process.env.METRON_SECRET_ARCHIVE_KEY;
    delete process.env.METRON_SECRET_ARCHIVE_SECRET;
  });
  const s3 = {
    ...{ endpoint: settings?.endpoint, bucket },
    ...{ key: { env: "METRON_SECRET_ARCHIVE_KEY" }, secret: { env: "METRON_SECRET_ARCHIVE_SECRET" } },
  };
  return `workers: 1\nseal: { seconds: 1 }\nstorage: ${JSON.stringify({ archive: "s3", s3 })}\n`;
}

describe.skipIf(python === undefined)("a platform that archives", () => {
  test("drops what is old and archived, finds it all the same, and tells of it", async () => {
    const sensors = { web: "sensor: web\nparser: { jsonMap: {} }\nindex: { retentionDays: 2 }\n" };
    using platforms = testPlatforms({ global: await globalOf("platform"), sensors, upkeepEvery: 200 });
    {
      await using platform = await platforms.open();
      await platform.ready();
      const old = Date.now() - 5 * DAY;
      await send(
        platform,
        upTo(20).map((n) => JSON.stringify({ n, timestamp: old + n })),
      );
      await platform.caughtUp();
      const only = async () => (await platform.status()).archive?.only;
      await expect.poll(only, { timeout: 50_000 }).toMatchObject({ files: 1, messages: 20 });
      const { archive, problems } = await platform.status();
      expect(problems).toEqual([]);
      expect(archive).toMatchObject({
        on: true,
        archived: { messages: 20 },
        waiting: { files: 0 },
        held: { files: 0 },
      });
      expect(await numbers(platform)).toEqual(upTo(20));
      const text = await platform.metricsText();
      expect(text).toContain('metron_archive_files{state="only"} 1\n');
      expect(text).toContain("metron_archive_failing_since_seconds 0\n");
      expect(text).toContain(`metron_archive_uploaded_bytes_total ${archive?.uploadedBytes}\n`);
    }
    // Nothing of the sensor is on this machine any more, and no document names it: it is found by who asks for all.
    await using platform = await platforms.open();
    await platform.ready();
    await platform.publish([{ kind: "sensor", name: "web", text: null }], { author: "ann", at: Date.now() });
    expect(await platform.storedSensors()).toEqual(["web"]);
    expect(await numbers(platform)).toEqual(upTo(20));
  }, 120_000);

  test("tells since when nothing can be archived, what waits, and why", async () => {
    const global = (await globalOf("refused")).replace('"bucket":"refused"', '"bucket":"no-such-bucket"');
    using platforms = testPlatforms({ global });
    await using platform = await platforms.open();
    await platform.ready();
    await send(platform, ['{"n":1}']);
    await platform.caughtUp();
    const code = async () => (await platform.status()).problems[0]?.code;
    await expect.poll(code, { timeout: 50_000 }).toBe("ARCHIVE_REFUSED");
    await expect
      .poll(async () => (await platform.status()).archive?.waiting.files, { timeout: 50_000 })
      .toBe(1);
    const { health, problems, archive } = await platform.status();
    expect(health).toBe("degraded");
    expect(problems[0]?.detail).toMatch(
      /^since 20\d\d-.*Z nothing is archived and 1 file waits: the archive at .*no-such-bucket\/metron refuses a request \(404\): the bucket does not exist; make it, or correct `storage\.s3\.bucket`$/,
    );
    expect(archive?.failure).toMatchObject({ code: "ARCHIVE_REFUSED", since: expect.any(Number) });
    expect(await platform.metricsText()).toMatch(/metron_archive_failing_since_seconds [1-9]/);
    expect(await numbers(platform)).toEqual([1]);
  }, 120_000);
});

test.each([
  ["archive: s3", "`archive: s3` needs `s3: { bucket: NAME, key: SECRET, secret: SECRET }` beside it"],
  ["archive: hdfs", "`archive: hdfs` needs `hdfs: { nodes: [http://HOST:9870] }` beside it"],
  [
    "archive: hdfs, hdfs: { nodes: [http://n:9870] }, index: opensearch, opensearch: { nodes: [http://o:9200] }",
    "an archive holds the files of `index: files`; with `index: opensearch` there are none",
  ],
  [
    "archive: s3, s3: { bucket: one, key: { env: METRON_SECRET_NOT_SET }, secret: { env: METRON_SECRET_NOT_SET } }",
    "the environment has no secret `METRON_SECRET_NOT_SET`",
  ],
])("a document with `storage: { %s }` is refused with what to do", async (storage, message) => {
  using platforms = testPlatforms({ global: `storage: { ${storage} }\n` });
  const fault = await platforms.open().then(
    async (platform) => platform[Symbol.asyncDispose](),
    (error: unknown) => error,
  );
  expect(fault).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(message) });
});

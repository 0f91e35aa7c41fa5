import { expect, onTestFinished, test } from "vitest";
import { startMoto } from "../../../scripts/cluster/moto.ts";
import { pythonWith } from "../../storage/index/testing/python.ts";
import { openTestFolder } from "../testing/run-cli.ts";

const python = pythonWith("moto.server");

test.skipIf(python === undefined)(
  "the status says how much is archived, and since when nothing can be",
  async () => {
    await using moto = await startMoto(python ?? "");
    const { endpoint, key, secret } = await moto.bucket("status");
    process.env.METRON_SECRET_STATUS_KEY = key;
    process.env.METRON_SECRET_STATUS_SECRET = secret;
    onTestFinished(() => {
      delete process.env.METRON_SECRET_STATUS_KEY;
      delete process.env.METRON_SECRET_STATUS_SECRET;
    });
    const documents = (bucket: string) => ({
      "metron.yaml": `workers: 1\nseal: { seconds: 1 }\nstorage: ${JSON.stringify({
        archive: "s3",
        s3: {
          ...{ endpoint, bucket },
          ...{ key: { env: "METRON_SECRET_STATUS_KEY" }, secret: { env: "METRON_SECRET_STATUS_SECRET" } },
        },
      })}\n`,
      "sensors/web.yaml": "sensor: web\nparser: { jsonMap: {} }\n",
    });
    const told = async (bucket: string, pattern: RegExp) => {
      using folder = openTestFolder();
      await using _running = await folder.up(documents(bucket));
      await folder.metron(["ingest", "--sensor", "web"], '{"n":1}\n');
      await expect
        .poll(async () => (await folder.metron(["status"])).out, { timeout: 60_000, interval: 500 })
        .toMatch(pattern);
    };
    await told(
      "status",
      /\narchive {3}1 file, [\d.]+ .?B; 0 messages only there; 0 B of 10\.0 GB copied for searches\n/,
    );
    await told(
      "no-such-bucket",
      /\narchive {3}1 file, [\d.]+ .?B not archived yet\narchive {3}failing since 20\d\d-\S+: the archive at .*the bucket does not exist; make it, or correct `storage\.s3\.bucket`\n/,
    );
  },
  180_000,
);

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { type Moto, startMoto } from "../../../../scripts/cluster/moto.ts";
import type { ArchiveSettings } from "../../archive/contract.ts";
import { hdfsFolder } from "../../archive/testing/hdfs.ts";
import { askPython, pythonWith } from "../testing/python.ts";
import { archived, archiving, seal } from "./testing/describe-archive.ts";

const arrow = pythonWith("moto.server", "pyarrow", "pandas");
const spark = pythonWith("pyspark");
const hdfs = await hdfsFolder();
let starting: Promise<Moto> | undefined;

afterAll(async () => (await starting)?.[Symbol.asyncDispose]());

/** Archives 70 messages of two sensors and two days, some of them merged. */
async function fill(settings: ArchiveSettings): Promise<readonly string[]> {
  const own = await archiving(settings);
  const index = await own.open();
  for (let n = 0; n < 40; n += 10) await seal(index, n);
  await archived(index);
  await index.compact();
  await seal(index, 86_400_000, 20);
  await seal(index, 100, 10, "dns");
  await archived(index);
  // Until what was merged is gone from the folder, too, and all columns are told.
  await expect.poll(async () => (await own.list()).files.length, { timeout: 20_000 }).toBe(3);
  await index[Symbol.asyncDispose]();
  await using again = await own.open();
  await archived(again);
  return (await own.list()).files.map(({ path }) => path);
}

test.skipIf(arrow === undefined)(
  "pyarrow and pandas read the bucket in one call, and the files that the list names",
  async () => {
    starting ??= startMoto(arrow ?? "");
    const settings = await (await starting).bucket("engines");
    const files = await fill({ kind: "s3", ...settings });
    const { host } = new URL(settings.endpoint ?? "");
    const folder = `${settings.bucket}/${settings.prefix}`;
    expect(askPython(arrow ?? "", ARROW, host, settings.key, settings.secret, folder)).toEqual({
      ...{ rows: 70, guids: 70, web: 60, day: 20, listed: 70, sum: (40 * 39) / 2 },
      files: files.toSorted(),
    });
  },
  600_000,
);

const ARROW = `
import json, sys, pandas, pyarrow.dataset, pyarrow.compute, pyarrow.fs
host, key, secret, folder = sys.argv[1:5]
s3 = pyarrow.fs.S3FileSystem(endpoint_override=host, scheme="http", access_key=key, secret_key=secret, region="us-east-1")
table = pyarrow.dataset.dataset(folder, filesystem=s3, partitioning="hive").to_table()
web = pandas.read_parquet(folder, filesystem=s3, filters=[("sensor", "==", "web")])
with s3.open_input_stream(folder + "/_manifest.json") as stream: manifest = json.loads(stream.read())
paths = [file["path"] for file in manifest["files"]]
listed = pyarrow.dataset.dataset([folder + "/" + path for path in paths], filesystem=s3)
first = table.filter(pyarrow.compute.less(table["n"], 40))
print(json.dumps({
  "rows": table.num_rows, "guids": len(set(zip(table["sensor"].to_pylist(), table["guid"].to_pylist()))),
  "web": len(web), "day": int((web["n"] >= 86400000).sum()), "listed": listed.count_rows(), "files": sorted(paths),
  "sum": pyarrow.compute.sum(first["n"]).as_py()}))
`;

test.skipIf(spark === undefined || hdfs === undefined)(
  "Spark reads the folder of HDFS in one call, and Hive's tables find its partitions",
  async () => {
    if (hdfs === undefined) throw new Error("there is no HDFS");
    await fill({ kind: "hdfs", ...hdfs });
    const folder = await mkdtemp(join(tmpdir(), "hive-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const place = `${hdfs.rpc}${hdfs.folder}`;
    const answer = askPython(spark ?? "", SPARK, place, folder, hdfs.user);
    expect(answer).toEqual({
      ...{ rows: 70, web: 60, hive: 70, hiveWeb: 60 },
      partitions: ["sensor=dns/day=2026-11-21", "sensor=web/day=2026-11-21", "sensor=web/day=2026-11-22"],
    });
  },
  600_000,
);

const SPARK = `
import json, os, sys
place, folder, user = sys.argv[1:4]
os.environ["HADOOP_USER_NAME"] = user
# It is over before the thorough compiler of Java has paid for itself.
os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
os.chdir(folder)
from pyspark.sql import SparkSession
session = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
  .config("spark.sql.warehouse.dir", folder + "/warehouse").enableHiveSupport().getOrCreate())
data = session.read.parquet(place)
rows, web = data.count(), data.where("sensor = 'web'").count()
session.sql("CREATE EXTERNAL TABLE messages (guid STRING, n BIGINT, original_string STRING) PARTITIONED BY (sensor STRING, day STRING) STORED AS PARQUET LOCATION '" + place + "'")
session.sql("MSCK REPAIR TABLE messages")
print(json.dumps({
  "rows": rows, "web": web, "hive": session.sql("SELECT guid, n FROM messages WHERE n >= 0").count(),
  "hiveWeb": session.sql("SELECT guid FROM messages WHERE sensor = 'web' AND original_string LIKE 'message%'").count(),
  "partitions": sorted(row[0] for row in session.sql("SHOW PARTITIONS messages").collect())}))
session.stop()
`;

import { describe } from "vitest";
import { hdfsFolder } from "../../archive/testing/hdfs.ts";
import { describeArchive } from "./testing/describe-archive.ts";

const isThere = (await hdfsFolder()) !== undefined;

describe.skipIf(!isThere)("HDFS", () => {
  describeArchive("HDFS", async () => {
    const settings = await hdfsFolder();
    if (settings === undefined) throw new Error("there is no HDFS");
    return { kind: "hdfs", ...settings };
  });
});

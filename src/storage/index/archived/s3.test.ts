import { afterAll, describe } from "vitest";
import { type Moto, startMoto } from "../../../../scripts/cluster/moto.ts";
import { pythonWith } from "../testing/python.ts";
import { describeArchive } from "./testing/describe-archive.ts";

const python = pythonWith("moto.server");
let starting: Promise<Moto> | undefined;
let buckets = 0;

afterAll(async () => (await starting)?.[Symbol.asyncDispose]());

describe.skipIf(python === undefined)("S3", () => {
  describeArchive("S3", async () => {
    starting ??= startMoto(python ?? "");
    return { kind: "s3", ...(await (await starting).bucket(`archive-${buckets++}`)) };
  });
});

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { type Moto, startMoto } from "../../../scripts/cluster/moto.ts";
import { makeContext } from "../../core/context.ts";
import { archived, archiving, seal } from "../../storage/index/archived/testing/describe-archive.ts";
import { pythonWith } from "../../storage/index/testing/python.ts";
import { noteLayout } from "../../storage/layout.ts";
import { migrate } from "./migrate.ts";

const python = pythonWith("moto.server");
const DAY = 86_400_000;
let moto: Moto | undefined;
afterAll(async () => moto?.[Symbol.asyncDispose]());

test.skipIf(python === undefined)(
  "an index is not moved without what only an archive has, also when the document names none any more",
  async () => {
    moto = await startMoto(python ?? "");
    const own = await archiving({ kind: "s3", ...(await moto.bucket("moved")) });
    {
      await using index = await own.open();
      await seal(index, 0);
      await archived(index);
    }
    {
      await using index = await own.open({ days: 3 });
      expect(await index.retain([{ sensor: "*", age: DAY }])).toMatchObject({ messages: 10 });
    }
    const data = await mkdtemp(join(tmpdir(), "metron-moved-"));
    onTestFinished(() => rm(data, { recursive: true, force: true }));
    await cp(own.folder, join(data, "index"), { recursive: true });
    await noteLayout(data);
    // Nothing listens there: it is refused before anything is asked of the other side.
    const document = "storage: { index: opensearch, opensearch: { nodes: ['http://127.0.0.1:9'] } }\n";
    await expect(
      migrate({ folders: { data, secretsFrom: [] }, document, context: makeContext() }),
    ).rejects.toMatchObject({
      code: "REQUEST_INVALID",
      message: expect.stringMatching(/10 messages are in its archive alone, and are not moved/),
    });
  },
  60_000,
);

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeContext } from "../../core/context.ts";
import { migrate } from "./migrate.ts";

test("a folder of an earlier layout is not moved, and stays as it is", async () => {
  const data = await mkdtemp(join(tmpdir(), "metron-former-"));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const layout = join(data, "layout.json");
  await writeFile(layout, '{"layout":2}\n');
  const document = "storage: { index: opensearch, opensearch: { nodes: ['http://127.0.0.1:9'] } }\n";
  await expect(
    migrate({ folders: { data, secretsFrom: [] }, document, context: makeContext() }),
  ).rejects.toMatchObject({
    code: "REQUEST_INVALID",
    message: expect.stringMatching(/it has layout 2; start a platform of this version on it once/),
  });
  expect(await readFile(layout, "utf8")).toBe('{"layout":2}\n');
});

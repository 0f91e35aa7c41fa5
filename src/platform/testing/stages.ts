import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeContext } from "../../core/context.ts";
import { openTables } from "../../storage/table/lmdb.ts";
import { mainServices, type PipelineServices } from "../services.ts";

/** Services over real, empty tables in a temporary folder, for tests of stages. */
export async function openTestServices(): Promise<PipelineServices> {
  const folder = mkdtempSync(join(tmpdir(), "metron-services-"));
  const context = makeContext();
  const tables = await openTables(folder, context);
  const services = mainServices(
    { enrichment: await tables.table("enrichment"), threatIntel: await tables.table("threatintel") },
    context,
  );
  return {
    ...services,
    async [Symbol.asyncDispose]() {
      await tables[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

import { join } from "node:path";
import type { Context } from "../../../core/context.ts";
import { makeFolder } from "../../folder.ts";
import { openDuckdbIndex } from "../duckdb/open.ts";
import type { DuckdbOptions } from "../duckdb/settings.ts";
import { type OpenSearchOptions, openForCopies } from "../opensearch/open.ts";
import { ownerOf } from "../owner-of.ts";
import { ALERTS_OWNER_FILE } from "../segments/folder-names.ts";
import { AlertCopiesIndex } from "./alert-copies-index.ts";
import { Copier } from "./copier.ts";
import { Outbox } from "./outbox.ts";

const PATIENCE = 5000;

/**
 * Opens the embedded index in a folder, whose alerts are copied to OpenSearch. One that cannot be reached is waited for, and the files
 * answer meanwhile.
 * @throws Fault STORAGE_LOCKED, FOLDER_UNWRITABLE; INDEX_REFUSED when OpenSearch refuses us, or has something else under the same names
 */
export async function openAlertCopiesIndex(
  folder: string,
  options: DuckdbOptions,
  alerts: OpenSearchOptions,
  context: Context,
): Promise<AlertCopiesIndex> {
  await using stack = new AsyncDisposableStack();
  await makeFolder(folder);
  const owner = await ownerOf(join(folder, ALERTS_OWNER_FILE));
  const outbox = stack.use(await Outbox.open(folder, context));
  const files = stack.use(await openDuckdbIndex(folder, { ...options, follower: outbox }, context));
  const copier = stack.use(
    new Copier({
      ...{ outbox, files, owner, context, patience: alerts.patience ?? PATIENCE },
      connect: () => openForCopies(alerts, context),
    }),
  );
  await copier.start();
  // The index disposes of them in its own order.
  stack.move();
  return new AlertCopiesIndex(files, outbox, copier);
}

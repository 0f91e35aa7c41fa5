import type { FieldValue, Message } from "../../../core/message.ts";
import { messageToJson } from "../../../core/message.ts";
import type { FreeType } from "../blocks/column-type.ts";
import type { Patch } from "../contract.ts";
import type { Catalogue } from "../segments/catalogue.ts";
import { historyOf, type StoredPatch, withChange } from "../stored-patch.ts";
import type { Database } from "./database.ts";
import type { Patched } from "./relations.ts";

/** Who makes a change, and when. */
type Author = { readonly by: string; readonly at: number };

/** Analysts' changes: durable in the catalogue, and in a table that searches join where they read a changed field. */
export class Patches {
  readonly #catalogue: Catalogue;
  readonly #database: Database;
  readonly #fields = new Map<string, FreeType>();
  #sorted: string[] = [];
  #last: Promise<unknown> = Promise.resolve();

  static async open(catalogue: Catalogue, database: Database): Promise<Patches> {
    const patches = new Patches(catalogue, database);
    for (const [guid, patch] of catalogue.patches) await patches.#show(guid, patch);
    patches.#sorted = [...catalogue.patches.keys()].sort();
    return patches;
  }

  private constructor(catalogue: Catalogue, database: Database) {
    this.#catalogue = catalogue;
    this.#database = database;
  }

  get(guid: string): StoredPatch | undefined {
    return this.#catalogue.patches.get(guid);
  }

  get patched(): Patched {
    const sorted = this.#sorted;
    return {
      fields: this.#fields,
      within(minGuid, maxGuid) {
        const next = sorted[firstFrom(sorted, minGuid)];
        return next !== undefined && next <= maxGuid;
      },
    };
  }

  /** Adds a change to those the message has. Durable and searchable when it resolves. */
  add(guid: string, change: Patch, by: Author): Promise<StoredPatch> {
    // One after the other: of two that begin from the same state one would be lost.
    const added = this.#last.then(() => this.#add(guid, change, by));
    this.#last = added.catch(() => undefined);
    return added;
  }

  async #add(guid: string, change: Patch, by: Author): Promise<StoredPatch> {
    const before = this.get(guid);
    // Through JSON, because it is kept as JSON: what is returned is what a restart would return.
    const set = JSON.parse(messageToJson({ ...before?.set, ...change.set })) as Message;
    const remove = new Set([...(before?.remove ?? []), ...(change.remove ?? [])]);
    for (const field of Object.keys(change.set ?? {})) remove.delete(field);
    for (const field of change.remove ?? []) delete set[field];
    const fields: Record<string, FieldValue> = {};
    for (const field of Object.keys(change.set ?? {})) fields[field] = set[field] ?? null;
    for (const field of change.remove ?? []) fields[field] = null;
    const patch = { set, remove: [...remove], history: withChange(historyOf(before), fields, by) };
    await this.#catalogue.putPatch(guid, patch);
    await this.#show(guid, patch);
    if (before === undefined) this.#sorted.splice(firstFrom(this.#sorted, guid), 0, guid);
    return patch;
  }

  async #show(guid: string, patch: StoredPatch): Promise<void> {
    const removed = Object.fromEntries(patch.remove.map((field) => [field, null]));
    const data = JSON.stringify({ ...patch.set, ...removed });
    await this.#database.run("INSERT OR REPLACE INTO metron_patches VALUES ($1, $2)", [guid, data]);
    for (const [field, value] of Object.entries(patch.set)) this.#note(field, typeOf(value));
    for (const field of patch.remove) this.#note(field, undefined);
  }

  #note(field: string, type: FreeType | undefined): void {
    const known = this.#fields.get(field);
    if (type === undefined) {
      if (known === undefined) this.#fields.set(field, "text");
    } else this.#fields.set(field, known === undefined || known === type ? type : "text");
  }
}

/** Where the first guid stands that is not less than another, among sorted ones. */
function firstFrom(sorted: readonly string[], guid: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) < guid) low = middle + 1;
    else high = middle;
  }
  return low;
}

function typeOf(value: FieldValue): FreeType | undefined {
  switch (typeof value) {
    case "string":
      return "text";
    case "number":
      return Number.isSafeInteger(value) ? "long" : "double";
    case "boolean":
      return "boolean";
    default:
      return value === null ? undefined : "json";
  }
}

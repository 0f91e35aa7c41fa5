import { z } from "zod";
import type { Batch } from "../../../core/batch.ts";
import { type Column, INT, LONG, WORD } from "../../../core/column.ts";
import { Dictionary } from "../../../core/dictionary.ts";
import { INT_MAX } from "../../../core/number.ts";
import { ASN } from "../../../schema/fields/enrichments.ts";
import { presentColumn } from "../../../stellar/run/cells.ts";
import { defineEnrichment } from "../../define.ts";
import type { Enrich, EnrichmentContext } from "../../enrichment.ts";
import { AddressHits } from "../addresses.ts";
import type { AsnDatabase } from "./database.ts";

export const asn = defineEnrichment({
  name: "asn",
  summary: "Adds the autonomous system that announces a public address.",
  config: z.strictObject({}),
  fields: ASN,
  open: (_config, context): Enrich => new AsnEnricher(context),
});

class AsnEnricher implements Enrich {
  readonly #context: EnrichmentContext;
  readonly #hits = new AddressHits();
  #words: AnnouncementWords | undefined;

  constructor(context: EnrichmentContext) {
    this.#context = context;
  }

  enrich(batch: Batch, fields: readonly string[], prefix: string): void {
    const database = this.#context.databases.asn;
    if (database === undefined) return;
    if (this.#words?.database !== database) this.#words = new AnnouncementWords(database);
    const words = this.#words;
    const hits = this.#hits;
    for (const field of fields) {
      const column = presentColumn(batch, field);
      if (column === undefined) continue;
      hits.find(batch, column, database);
      if (hits.count === 0) continue;
      words.toSlots(hits.found, hits.count);
      const target = (key: string): Column => batch.column(`${prefix}.${field}.${key}`);
      writeNumbers(target("autonomous_system_number"), hits, words.numbers);
      writeWords(target("autonomous_system_organization"), hits, words.organizations, words.organizationOf);
      writeWords(target("network"), hits, words.networks, words.networkOf);
    }
  }
}

function writeNumbers(target: Column, hits: AddressHits, numberOf: Float64Array): void {
  const { rows, found, count } = hits;
  const { kinds, numbers } = target;
  for (let index = 0; index < count; index++) {
    const row = rows[index] as number;
    const number = numberOf[found[index] as number] as number;
    kinds[row] = number > INT_MAX ? LONG : INT;
    numbers[row] = number;
  }
  target.touched = true;
}

/** Writes the code of each hit's slot, where it has one (-1: none). */
function writeWords(target: Column, hits: AddressHits, dictionary: Dictionary, codes: Int32Array): void {
  const { rows, found, count } = hits;
  const { kinds, numbers } = target;
  target.dictionary = dictionary;
  for (let index = 0; index < count; index++) {
    const code = codes[found[index] as number] as number;
    if (code < 0) continue;
    const row = rows[index] as number;
    kinds[row] = WORD;
    numbers[row] = code;
  }
  target.touched = true;
}

/** The ranges this thread has met, each with a small number, its slot, by which its cells are found. */
class AnnouncementWords {
  readonly database: AsnDatabase;
  readonly organizations = new Dictionary();
  readonly networks = new Dictionary();
  numbers = new Float64Array(1024);
  organizationOf = new Int32Array(1024);
  networkOf = new Int32Array(1024);
  readonly #slotOf: Uint32Array;
  #slots = 1;

  constructor(database: AsnDatabase) {
    this.database = database;
    this.#slotOf = new Uint32Array(database.ranges + 1);
  }

  /** Replaces range numbers by slots, in place. */
  toSlots(found: Uint32Array, count: number): void {
    const slotOf = this.#slotOf;
    for (let index = 0; index < count; index++) {
      const range = found[index] as number;
      const slot = slotOf[range] as number;
      found[index] = slot === 0 ? this.#admit(range) : slot;
    }
  }

  #admit(range: number): number {
    const slot = this.#slots++;
    if (slot === this.numbers.length) {
      const numbers = new Float64Array(slot * 2);
      numbers.set(this.numbers);
      this.numbers = numbers;
      this.organizationOf = doubled(this.organizationOf);
      this.networkOf = doubled(this.networkOf);
    }
    const known = this.database.announcement(range);
    const organization = known.autonomous_system_organization;
    this.numbers[slot] = known.autonomous_system_number;
    this.organizationOf[slot] = organization === "" ? -1 : this.organizations.code(organization);
    this.networkOf[slot] = this.networks.code(known.network);
    this.#slotOf[range] = slot;
    return slot;
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(array.length * 2);
  grown.set(array);
  return grown;
}

import { z } from "zod";
import type { Batch } from "../../../core/batch.ts";
import { type Column, WORD } from "../../../core/column.ts";
import { Dictionary } from "../../../core/dictionary.ts";
import { GEO } from "../../../schema/fields/enrichments.ts";
import { presentColumn } from "../../../stellar/run/cells.ts";
import { defineEnrichment } from "../../define.ts";
import type { Enrich, EnrichmentContext } from "../../enrichment.ts";
import { AddressHits } from "../addresses.ts";
import type { GeoDatabase } from "./database.ts";
import { PLACE_PARTS } from "./place.ts";

const PARTS = PLACE_PARTS.length;

export const geo = defineEnrichment({
  name: "geo",
  summary: "Adds the place of a public address: country, city, postal code and position.",
  config: z.strictObject({}),
  fields: GEO,
  open: (_config, context): Enrich => new GeoEnricher(context),
});

class GeoEnricher implements Enrich {
  readonly #context: EnrichmentContext;
  readonly #hits = new AddressHits();
  #words: PlaceWords | undefined;

  constructor(context: EnrichmentContext) {
    this.#context = context;
  }

  enrich(batch: Batch, fields: readonly string[], prefix: string): void {
    const database = this.#context.databases.geo;
    if (database === undefined) return;
    if (this.#words?.database !== database) this.#words = new PlaceWords(database);
    for (const field of fields) {
      const column = presentColumn(batch, field);
      if (column !== undefined) this.#enrichColumn(batch, column, `${prefix}.${field}`, this.#words);
    }
  }

  #enrichColumn(batch: Batch, column: Column, prefix: string, words: PlaceWords): void {
    const hits = this.#hits;
    hits.find(batch, column, words.database);
    words.toSlots(hits.found, hits.count);
    for (const [index, part] of PLACE_PARTS.entries()) {
      const dictionary = words.dictionaries[index] as Dictionary;
      if (dictionary.words.length === 0) continue;
      const target = batch.column(`${prefix}.${part}`);
      target.dictionary = dictionary;
      writeWords(target, hits, words.codes, index);
    }
  }
}

/** Writes one part of each hit's place, where it is known (-1: not). The arrays are long enough by construction. */
function writeWords(target: Column, hits: AddressHits, codes: Int32Array, part: number): void {
  const { rows, found, count } = hits;
  const { kinds, numbers } = target;
  for (let index = 0; index < count; index++) {
    const code = codes[(found[index] as number) * PARTS + part] as number;
    if (code < 0) continue;
    const row = rows[index] as number;
    kinds[row] = WORD;
    numbers[row] = code;
  }
  if (count > 0) target.touched = true;
}

/**
 * The places this thread has met, as dictionary codes: a place is decoded when it first occurs and gets a small
 * number, its slot, by which the codes of its parts are found.
 */
class PlaceWords {
  readonly database: GeoDatabase;
  readonly dictionaries = PLACE_PARTS.map(() => new Dictionary());
  /** The parts of slot `s` are at [s * PARTS, (s + 1) * PARTS): together, because memory is fetched by such lines. */
  codes = new Int32Array(1024 * PARTS);
  readonly #slotOf: Uint32Array;
  #slots = 1;

  constructor(database: GeoDatabase) {
    this.database = database;
    this.#slotOf = new Uint32Array(database.places + 1);
  }

  /** Replaces place numbers by slots, in place. */
  toSlots(found: Uint32Array, count: number): void {
    const slotOf = this.#slotOf;
    for (let index = 0; index < count; index++) {
      const place = found[index] as number;
      const slot = slotOf[place] as number;
      found[index] = slot === 0 ? this.#admit(place) : slot;
    }
  }

  #admit(place: number): number {
    const slot = this.#slots++;
    const at = slot * PARTS;
    if (at === this.codes.length) {
      const grown = new Int32Array(at * 2);
      grown.set(this.codes);
      this.codes = grown;
    }
    const known = this.database.place(place);
    for (const [index, part] of PLACE_PARTS.entries()) {
      const text = known[part];
      this.codes[at + index] = text === "" ? -1 : (this.dictionaries[index] as Dictionary).code(text);
    }
    this.#slotOf[place] = slot;
    return slot;
  }
}

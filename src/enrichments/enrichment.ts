import type { z } from "zod";
import type { Batch } from "../core/batch.ts";
import type { Definition } from "../core/component.ts";
import type { Context } from "../core/context.ts";
import type { Message } from "../core/message.ts";
import type { ErrorType } from "../core/rejection.ts";
import type { Field } from "../schema/field.ts";
import type { Environment, Layer } from "../stellar/run/environment.ts";
import type { TableReader } from "../storage/table/contract.ts";
import type { Databases } from "./addresses/databases.ts";

/** False when nothing is known of the text bytes[start, end) for sure. */
export type BytesTest = (bytes: Uint8Array, start: number, end: number) => boolean;

/** The form an ordinary enrichment has: says what is known of a value, and never hears of columns. */
export type Lookup = {
  /**
   * What is known of a value (numbers and booleans come as their text), with the keys that go behind
   * `<prefix>.<field>.`; undefined when nothing is. Answers are kept as long as `version` stays the same.
   */
  readonly lookup: (value: string, field: string) => Message | undefined;
  /** Gives a test for the values of a field that spares most of them everything else. */
  readonly filter?: (field: string) => BytesTest;
  /** Whether each text of a list is looked up by itself, instead of the list as one text. */
  readonly looksIntoLists?: boolean;
  /** A number that changes when answers may; asked before every batch. */
  readonly version?: () => number;
  /** Answers this many distinct values of a field are kept for; 65,536 unless said. */
  readonly cacheSize?: number;
};

/** The form of enrichments that carry the load: reads a batch's columns and writes columns. */
export type Enrich = {
  /**
   * Adds `<prefix>.<field>.<key>` to each live message that has something in `field`.
   * @param prefix stage and name of the enrichment, such as `enrichments.geo`.
   */
  readonly enrich: (batch: Batch, fields: readonly string[], prefix: string) => void;
};

/** What an enrichment may reach beyond its configuration. */
export type EnrichmentContext = Context & {
  /** Databases of addresses, as far as they are loaded. They may come or be replaced between two batches. */
  readonly databases: Databases;
  /** A table by name; undefined when there is none. */
  readonly table: (name: string) => TableReader | undefined;
};

/** What the enrichments of one stage of the loop may reach. */
export type EnrichmentStageContext = EnrichmentContext & {
  readonly environment: Environment;
  /** Values that expressions see beneath those of the message. */
  readonly variables: readonly Layer[];
  /** The known hosts of the platform. */
  readonly knownHosts: readonly Readonly<Record<string, unknown>>[];
  /** What the fields that the stage adds begin with, such as `enrichments`. */
  readonly prefix: string;
  /** What a message that it fails on is called. */
  readonly errorType: ErrorType;
};

/** An enrichment at work in a stage. */
export type Task = {
  /** The fields it looks at; undefined when it concerns every message. */
  readonly fields: readonly string[] | undefined;
  /** Works out what it adds while all messages are as they came. */
  readonly evaluate?: (batch: Batch) => void;
  /** Adds it. Tasks that evaluate come last, so that their results stand over those of the others. */
  readonly apply: (batch: Batch) => void;
};

/** An enrichment as a sensor document names it. */
export type EnrichmentDefinition<
  Name extends string = string,
  Config extends z.ZodType = z.ZodType,
> = Definition<Task, EnrichmentStageContext, Name, Config> & {
  /** The keys it adds behind `<prefix>.<field>.`; patterns where they depend on the data. */
  readonly fields: readonly Field[];
};

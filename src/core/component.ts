import type { z } from "zod";

/**
 * What every kind of component states about itself as data: its name, one sentence, and a zod schema in which every
 * option is described. Reference pages, JSON Schemas, forms and contract tests are derived from it.
 */
export type Component<Name extends string = string, Config extends z.ZodType = z.ZodType> = {
  readonly name: Name;
  readonly summary: string;
  readonly config: Config;
};

import { z } from "zod";

/** The option of parsers of a published format that the original reads in a way of its own. */
export const reading = z
  .enum(["standard", "metron"])
  .default("standard")
  .describe(
    "`standard` reads the format as its makers describe it; `metron` reads it as Apache Metron did, with its mistakes, for sensors that depend on them.",
  );

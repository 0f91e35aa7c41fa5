import { z } from "zod";

/** The option of parsers that read more, or read it better, than the original does. */
export const reading = z
  .enum(["current", "original"])
  .default("current")
  .describe(
    "How records are read that Apache Metron rejects or reads otherwise: `original` reads them as it does, which is what an import sets.",
  );

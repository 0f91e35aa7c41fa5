import { z } from "zod";
import { SECRET_VARIABLE } from "./secret.ts";

/** Where a secret is. */
export const secretSchema = z.union([
  z.strictObject({ file: z.string().describe("File of the secret, in a folder of secrets.") }),
  z.strictObject({
    env: z
      .string()
      .regex(SECRET_VARIABLE, "expected a name such as METRON_SECRET_KAFKA")
      .describe("Variable of the environment."),
  }),
]);

import { z } from "zod";
import { secretSchema } from "../core/secret-schema.ts";

/** How OpenSearch is reached. Passwords and keys are named, and read when the platform starts. */
export const openSearchSchema = z
  .strictObject({
    nodes: z
      .array(z.url({ protocol: /^https?$/, error: "expected an address such as https://search-1:9200" }))
      .min(1)
      .describe("Addresses of nodes; the next one is asked when one does not answer."),
    user: z
      .string()
      .min(1)
      .optional()
      .describe("Name of the user, with `secret` as the password; when left out, `secret` is an API key."),
    secret: secretSchema
      .optional()
      .describe("Where the password or API key is; nobody asks for one when left out."),
    authority: secretSchema
      .optional()
      .describe("Certificates (PEM) of who signs those of the nodes; the known authorities when left out."),
    prefix: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,60}$/, "expected lower-case letters, digits and dashes")
      .default("metron")
      .describe("What the names of all indices begin with; two installations on one cluster need two."),
    shards: z.int().min(1).max(64).default(1).describe("Shards of the index of a sensor's day."),
    replicas: z
      .int()
      .min(0)
      .max(5)
      .default(1)
      .describe("Copies of each shard besides the first; with none, a lost node takes its messages along."),
  })
  .refine(({ user, secret }) => user === undefined || secret !== undefined, {
    message: "a user needs a secret",
    path: ["secret"],
  });

/** How the brokers of a cluster are reached, as documents say it: in the global document, and for topics of others in those of sensors. */
import { z } from "zod";
import type { PlacedSecret, SecretReference } from "../../../core/secret.ts";
import { secretSchema } from "../../../core/secret-schema.ts";

const tls = z.strictObject({
  authority: secretSchema
    .optional()
    .describe("Certificates of who signs those of the brokers; the known authorities when left out."),
  certificate: secretSchema
    .optional()
    .describe("Certificate that is shown to the brokers; none when left out."),
  key: secretSchema.optional().describe("Key of that certificate; needed with it, not used without it."),
});

const sasl = z.union([
  z.strictObject({
    mechanism: z
      .enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
      .describe("How the password is shown; PLAIN shows it as it is, so use it with `tls` only."),
    user: z.string().min(1).describe("Name of the user."),
    password: secretSchema.describe("Where the password is."),
  }),
  z.strictObject({
    mechanism: z.literal("OAUTHBEARER").describe("A token is shown that somebody else renews in its file."),
    token: secretSchema.describe("Where the token is; it is read for every connection."),
  }),
  z.strictObject({
    mechanism: z
      .literal("GSSAPI")
      .describe("Kerberos, with the tickets or the keytab of the process; needs the package `kerberos`."),
    service: z
      .string()
      .min(1)
      .default("kafka")
      .describe("First part of the principals of the brokers: `sasl.kerberos.service.name` of Kafka."),
    principal: z.string().min(1).optional().describe("Who to be; whoever the tickets are of when left out."),
  }),
]);

/** The options of a connection, to be spread into a schema. */
export const connectionShape = {
  brokers: z
    .array(z.string().regex(/^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, "expected HOST:PORT"))
    .min(1)
    .describe("Addresses of some brokers, HOST:PORT; they tell of the others."),
  tls: tls.optional().describe("Encrypted connections; plain ones when left out."),
  sasl: sasl.optional().describe("How to prove who Metron is; nobody asks when left out."),
} as const;

/** The secrets that a connection names. */
export function connectionSecrets({ tls: encrypted, sasl: proof }: Connection): readonly PlacedSecret[] {
  const found: (readonly [string[], SecretReference | undefined])[] = [
    [["tls", "authority"], encrypted?.authority],
    [["tls", "certificate"], encrypted?.certificate],
    [["tls", "key"], encrypted?.key],
    [["sasl", "token"], proof?.mechanism === "OAUTHBEARER" ? proof.token : undefined],
    [["sasl", "password"], proof !== undefined && "password" in proof ? proof.password : undefined],
  ];
  return found.flatMap(([path, reference]) => (reference === undefined ? [] : [[path, reference] as const]));
}

/** What `connectionShape` reads, without the brokers. */
type Connection = {
  readonly tls?: z.output<typeof tls> | undefined;
  readonly sasl?: z.output<typeof sasl> | undefined;
};

/** A topic that somebody else owns: its name at the brokers. */
export const foreignTopicSchema = z
  .string()
  .regex(
    /^[a-zA-Z0-9._-]{1,249}$/,
    "expected the name of a topic: at most 249 of the characters a-z, A-Z, 0-9, `.`, `_` and `-`",
  );

import type { SecretReference } from "../../core/secret.ts";
import type { Compression } from "./compression.ts";

/** Returns the text of a secret at the moment it is used. Throws when it cannot be read. */
export type ReadSecret = (reference: SecretReference) => string;

/** How to prove who one is. Passwords and tokens are named, never held. */
export type SaslSettings =
  | {
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      readonly user: string;
      readonly password: SecretReference;
    }
  | { readonly mechanism: "OAUTHBEARER"; readonly token: SecretReference }
  /** Kerberos, with the tickets of the process. */
  | { readonly mechanism: "GSSAPI"; readonly service: string; readonly principal?: string | undefined };

/** Certificates in PEM. */
type TlsSettings = {
  /** Who signs the certificates of the brokers; the authorities that Node knows when left out. */
  readonly authority?: SecretReference | undefined;
  /** What this client shows, and the key of it. */
  readonly certificate?: SecretReference | undefined;
  readonly key?: SecretReference | undefined;
};

/** Where Kafka is and how it is used. Structured-cloneable. */
export type KafkaSettings = {
  /** `host:port` of some brokers; they tell of the others. */
  readonly brokers: readonly string[];
  /** What the names of topics begin with, before the name of the sensor. */
  readonly prefix: string;
  /** What the names of Kafka's groups begin with: installations of the same name share the reading. */
  readonly name: string;
  /** Copies of the topics that are made; what the brokers say when left out. */
  readonly copies?: number | undefined;
  readonly compression: Compression;
  readonly tls?: TlsSettings | undefined;
  readonly sasl?: SaslSettings | undefined;
};

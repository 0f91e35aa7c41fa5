/** The Kafka of the tests: one broker with a plain listener and listeners for every way to prove who one is. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "./certificates.ts";
import { type Kafka, startKafka } from "./kafka.ts";

/** What a test needs to reach it. Structured-cloneable. */
export type KafkaAddress = {
  readonly brokers: readonly string[];
  /** TLS with a password or a token. */
  readonly secure: string;
  /** TLS with a certificate of the client. */
  readonly mutual: string;
  /** TLS with a certificate that has expired. */
  readonly expired: string;
  readonly user: string;
  readonly password: string;
  /** The folder of its topics on this machine. */
  readonly stored: string;
  /** Files in PEM: the authority of the server's certificate, and what a client shows. */
  readonly authority: string;
  readonly expiredAuthority: string;
  readonly certificate: string;
  readonly key: string;
};

const USER = "metron";
const PASSWORD = "a-password-of-metron";

/** Starts it. Rejects with the log of a broker that ends. */
export async function startSecuredKafka(): Promise<{
  readonly kafka: Kafka;
  readonly address: KafkaAddress;
  readonly close: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), "metron-certificates-"));
  const server = makeCertificate(folder, "server");
  const client = makeCertificate(folder, "client");
  const expired = makeCertificate(folder, "expired", "2020-01-01");
  const module = (name: string, options = "") =>
    `org.apache.kafka.common.security.${name} required ${options};`;
  const scram = ["SCRAM-SHA-256", "SCRAM-SHA-512"];
  const kafka = await startKafka({
    listeners: { SECURE: "SASL_SSL", MUTUAL: "SSL", EXPIRED: "SSL" },
    format: scram.flatMap((name) => ["--add-scram", `${name}=[name=${USER},password=${PASSWORD}]`]),
    settings: {
      "ssl.keystore.type": "PEM",
      "ssl.keystore.location": server.both,
      "listener.name.expired.ssl.keystore.type": "PEM",
      "listener.name.expired.ssl.keystore.location": expired.both,
      "listener.name.mutual.ssl.client.auth": "required",
      "listener.name.mutual.ssl.truststore.type": "PEM",
      "listener.name.mutual.ssl.truststore.location": client.certificate,
      "sasl.enabled.mechanisms": ["PLAIN", ...scram, "OAUTHBEARER"].join(),
      "listener.name.secure.plain.sasl.jaas.config": module(
        "plain.PlainLoginModule",
        `user_${USER}="${PASSWORD}"`,
      ),
      "listener.name.secure.scram-sha-256.sasl.jaas.config": module("scram.ScramLoginModule"),
      "listener.name.secure.scram-sha-512.sasl.jaas.config": module("scram.ScramLoginModule"),
      "listener.name.secure.oauthbearer.sasl.jaas.config": module(
        "oauthbearer.OAuthBearerLoginModule",
        `unsecuredLoginStringClaim_sub="${USER}"`,
      ),
      // Compaction that a test can wait for.
      "log.cleaner.backoff.ms": "200",
    },
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true });
    throw error;
  });
  return {
    kafka,
    address: {
      brokers: kafka.brokers,
      secure: kafka.listener("SECURE"),
      mutual: kafka.listener("MUTUAL"),
      expired: kafka.listener("EXPIRED"),
      ...{ user: USER, password: PASSWORD },
      stored: kafka.stored(0),
      authority: server.certificate,
      expiredAuthority: expired.certificate,
      ...{ certificate: client.certificate, key: client.key },
    },
    async close() {
      await kafka[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** The Kafka of the tests: one broker with a plain listener and listeners for every way to prove who one is. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KafkaAddress } from "../../src/storage/topic/kafka/testing/brokers.ts";
import { makeCertificate } from "./certificates.ts";
import { type Kafka, startKafka } from "./kafka.ts";

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

import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Admin } from "@platformatic/kafka";
import { inject } from "vitest";
import { type Context, makeContext } from "../../../../core/context.ts";
import type { SecretReference } from "../../../../core/secret.ts";
import type { KafkaSettings } from "../../../kafka/settings.ts";
import type { Topics } from "../../contract.ts";
import { openKafkaTopics } from "../topics.ts";

/** What a test needs to reach the Kafka that scripts/cluster/secured-kafka.ts starts. Structured-cloneable. */
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

/**
 * The Kafka of this run of the tests, which the first that asks for it starts (scripts/cluster/on-demand.ts); undefined on a
 * machine that cannot run it, which is told in one line.
 */
export async function testKafka(): Promise<KafkaAddress | undefined> {
  const given = process.env.METRON_TEST_KAFKA;
  if (given !== undefined) return JSON.parse(given) as KafkaAddress;
  const answer = await fetch(`${inject("cluster")}/kafka`);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.status === 204 ? undefined : ((await answer.json()) as KafkaAddress);
}

/** Settings under which nobody else has a topic or a group. */
export function ownSettings(address: KafkaAddress, part: Partial<KafkaSettings> = {}): KafkaSettings {
  const own = randomUUID().slice(0, 8);
  return { brokers: address.brokers, prefix: `${own}.`, name: `test-${own}`, compression: "lz4", ...part };
}

/** Opens the topics of settings, with a folder of their own that goes when they are disposed of. */
export async function openTestTopics(settings: KafkaSettings, part: Partial<Context> = {}): Promise<Topics> {
  const folder = mkdtempSync(join(tmpdir(), "metron-kafka-topics-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const topics = await openKafkaTopics(folder, settings, readTestSecret, makeContext(part));
    const close = topics[Symbol.asyncDispose].bind(topics);
    topics[Symbol.asyncDispose] = async () => {
      await close();
      remove();
    };
    return topics;
  } catch (error) {
    remove();
    throw error;
  }
}

/** Reads secrets as the platform does, of variables and of files anywhere. */
export function readTestSecret(reference: SecretReference): string {
  if ("file" in reference) return readFileSync(reference.file, "utf8");
  const value = process.env[reference.env];
  if (value === undefined) throw new Error(`the environment has no secret \`${reference.env}\``);
  return value;
}

/** Deletes all topics that settings are about. */
export async function removeTopics({ brokers, prefix }: KafkaSettings): Promise<void> {
  const admin = adminOf(brokers);
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.close();
}

/** What somebody else does at the brokers. Close it when done. */
export function adminOf(brokers: readonly string[]): Admin {
  return new Admin({ clientId: "somebody-else", bootstrapBrokers: [...brokers] });
}

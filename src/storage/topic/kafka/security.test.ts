/** Every way to prove who one is, against a broker that asks for it. */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { blockOf } from "../../../core/block.ts";
import type { KafkaSettings, SaslSettings } from "../../kafka/settings.ts";
import { readAll } from "../testing/describe-topic.ts";
import {
  type KafkaAddress,
  openTestTopics,
  ownSettings,
  removeTopics,
  testKafka,
} from "./testing/brokers.ts";

const address = await testKafka();

describe.skipIf(address === undefined)("connections to Kafka", () => {
  const at = address as KafkaAddress;
  const tls = { authority: { file: at?.authority } };
  const right = secret("right", at?.password ?? "");
  const wrong = secret("wrong", "another password");

  test.each([
    ["PLAIN", right],
    ["SCRAM-SHA-256", right],
    ["SCRAM-SHA-512", right],
  ] as const)("a password by %s", async (mechanism, password) => {
    await roundTrip(settingsOf(at.secure, { tls, sasl: { mechanism, user: at.user, password } }));
  });

  test("a token by OAUTHBEARER", async () => {
    const token = secret("token", unsecuredToken(at.user, 3600));
    await roundTrip(settingsOf(at.secure, { tls, sasl: { mechanism: "OAUTHBEARER", token } }));
  });

  test("a certificate of the client", async () => {
    const shown = { certificate: { file: at.certificate }, key: { file: at.key } };
    await roundTrip(settingsOf(at.mutual, { tls: { ...tls, ...shown } }));
  });

  test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)(
    "a wrong password by %s is told as such",
    async (mechanism) => {
      const sasl: SaslSettings = { mechanism, user: at.user, password: wrong };
      await expect(open(settingsOf(at.secure, { tls, sasl }))).rejects.toMatchObject({
        code: "KAFKA_REFUSED",
        message: expect.stringMatching(
          /the broker does not accept who we say we are: .*(credentials|username or password)/,
        ),
      });
    },
  );

  test("an expired token is told as such", async () => {
    const token = secret("old-token", unsecuredToken(at.user, -3600));
    const sasl: SaslSettings = { mechanism: "OAUTHBEARER", token };
    await expect(open(settingsOf(at.secure, { tls, sasl }))).rejects.toMatchObject({
      code: "KAFKA_REFUSED",
      message: expect.stringContaining("the broker does not accept who we say we are"),
    });
  });

  test.each([
    [
      "a certificate that has expired",
      () => at.expired,
      { authority: { file: at?.expiredAuthority } },
      "CERT_HAS_EXPIRED",
    ],
    [
      "a certificate of nobody we know",
      () => at.mutual,
      { authority: { file: at?.certificate } },
      "DEPTH_ZERO_SELF_SIGNED_CERT",
    ],
  ])("%s is told as such", async (_what, broker, encrypted, code) => {
    await expect(open(settingsOf(broker(), { tls: encrypted }))).rejects.toMatchObject({
      code: "KAFKA_REFUSED",
      message: expect.stringMatching(new RegExp(`no encrypted connection: .*${code}`)),
    });
  });

  test("a plain connection to a broker that wants TLS is told as such", async () => {
    await expect(open(settingsOf(at.mutual, {}))).rejects.toMatchObject({
      code: "KAFKA_REFUSED",
      message: expect.stringContaining("TLS"),
    });
  });

  test("a secret that cannot be read is told by its name, before anybody is asked", async () => {
    const sasl: SaslSettings = { mechanism: "PLAIN", user: "x", password: { env: "METRON_SECRET_GONE" } };
    await expect(open(settingsOf("127.0.0.1:1", { sasl }))).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(
        "reading the password for Kafka: the environment has no secret `METRON_SECRET_GONE`",
      ),
    });
  });

  test("a password that is renewed is taken into use by the next connection", async () => {
    const password = secret("renewed", "not yet");
    const sasl: SaslSettings = { mechanism: "PLAIN", user: at.user, password };
    const settings = settingsOf(at.secure, { tls, sasl });
    await expect(open(settings)).rejects.toMatchObject({ code: "KAFKA_REFUSED" });
    secret("renewed", at.password);
    await roundTrip(settings);
  });

  /** A secret in a file beside the certificates, which go with the broker. */
  function secret(name: string, text: string) {
    const file = join(dirname(at?.authority ?? "/tmp/x"), `secret-${name}`);
    if (at !== undefined) writeFileSync(file, text);
    return { file };
  }

  function settingsOf(broker: string, part: Partial<KafkaSettings>): KafkaSettings {
    return ownSettings(at, { brokers: [broker], ...part });
  }

  async function open(settings: KafkaSettings) {
    return openTestTopics(settings);
  }

  async function roundTrip(settings: KafkaSettings): Promise<void> {
    const topics = await open(settings);
    try {
      const topic = await topics.topic("bro");
      await topic.append(0, blockOf(["seen"], 7));
      expect(await readAll(topic, 0, 0)).toEqual([{ offset: 0, arrival: 7, records: ["seen"] }]);
    } finally {
      await topics[Symbol.asyncDispose]();
      await removeTopics({ ...settings, brokers: at.brokers });
    }
  }
});

/** A token without a signature (RFC 7519, section 6), as a broker takes it that has no keys. */
function unsecuredToken(user: string, seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ sub: user, iat: now - 7200, exp: now + seconds })}.`;
}

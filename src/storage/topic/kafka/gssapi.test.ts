/** Kerberos, with a key distribution centre of MIT's Kerberos and a broker that asks for tickets. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { missingForJava } from "../../../../scripts/cluster/jars.ts";
import { type Kafka, startKafka } from "../../../../scripts/cluster/kafka.ts";
import { freePorts } from "../../../../scripts/cluster/servers.ts";

const REALM = "METRON.TEST";
const MINUTES = 240_000;
const CHILD = join(import.meta.dirname, "testing", "kerberos-child.ts");
const hasPackage = isFound("kerberos");
const hasAll = hasPackage && existsSync("/usr/sbin/krb5kdc") && missingForJava() === undefined;
if (!hasAll)
  process.stdout.write(
    "Left out, as krb5-kdc, the package kerberos or Java is not installed: Kafka with Kerberos.\n",
  );

test.skipIf(hasPackage)("without the package it is told what to install", () => {
  expect(runChild("127.0.0.1:1", "kafka", {})).toMatch(
    /^PROGRAM_MISSING: logging in to Kafka by Kerberos: the package `kerberos` is not installed; run `npm install/,
  );
});

describe.skipIf(!hasAll)("Kafka with Kerberos", { timeout: MINUTES }, () => {
  test("who has a ticket appends and reads, and who has none is told why", async () => {
    await using realm = await startRealm();
    await using kafka = await realm.startKafka();
    const broker = kafka.listener("TICKETS");
    expect(runChild(broker, "kafka", realm.client)).toBe("by ticket");
    const nothing = join(realm.folder, "nothing");
    const without = { ...realm.client, KRB5_CLIENT_KTNAME: nothing, KRB5CCNAME: `FILE:${nothing}` };
    expect(runChild(broker, "kafka", without)).toMatch(/^KAFKA_REFUSED: .*who we say we are: Kerberos: /s);
    expect(runChild(broker, "others", realm.client)).toMatch(/^KAFKA_REFUSED: .*Kerberos: .*not found/s);
  });
});

function runChild(broker: string, service: string, env: NodeJS.ProcessEnv): string {
  const { stdout, stderr } = spawnSync(process.execPath, [CHILD, broker, service], {
    ...{ env: { ...process.env, ...env }, encoding: "utf8", timeout: MINUTES },
  });
  return stdout === "" ? stderr : stdout;
}

function isFound(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** A realm with a broker and a client, in a folder that goes when it is disposed of. */
async function startRealm() {
  const folder = await mkdtempDisposable(join(tmpdir(), "metron-realm-"));
  const at = (name: string) => join(folder.path, name);
  const [port = 0] = await freePorts(1);
  writeFileSync(
    at("krb5.conf"),
    [
      "[libdefaults]",
      `default_realm = ${REALM}`,
      "dns_lookup_kdc = false\ndns_lookup_realm = false\ndns_canonicalize_hostname = false\nrdns = false",
      "udp_preference_limit = 1",
      `[realms]\n${REALM} = {\n kdc = 127.0.0.1:${port}\n}`,
    ].join("\n"),
  );
  writeFileSync(
    at("kdc.conf"),
    [
      `[kdcdefaults]\nkdc_listen = 127.0.0.1:${port}\nkdc_tcp_listen = 127.0.0.1:${port}`,
      `[realms]\n${REALM} = {\n database_name = ${at("principal")}\n key_stash_file = ${at("stash")}\n}`,
    ].join("\n"),
  );
  const env = { ...process.env, KRB5_CONFIG: at("krb5.conf"), KRB5_KDC_PROFILE: at("kdc.conf") };
  const admin = (...words: string[]) =>
    execFileSync("/usr/sbin/kadmin.local", ["-r", REALM, "-q", words.join(" ")], { env, stdio: "pipe" });
  execFileSync("/usr/sbin/kdb5_util", ["create", "-s", "-P", "master", "-r", REALM], { env, stdio: "pipe" });
  for (const [name, keytab] of [
    ["kafka/127.0.0.1", "broker.keytab"],
    ["metron", "client.keytab"],
  ] as const) {
    admin("addprinc", "-randkey", name);
    admin("ktadd", "-k", at(keytab), name);
  }
  const kdc = spawn("/usr/sbin/krb5kdc", ["-n", "-r", REALM], { env, stdio: "ignore" });
  return {
    folder: folder.path,
    client: {
      KRB5_CONFIG: at("krb5.conf"),
      KRB5_CLIENT_KTNAME: at("client.keytab"),
      KRB5CCNAME: `FILE:${at("tickets")}`,
    },
    async startKafka(): Promise<Kafka> {
      const before = process.env.JAVA_TOOL_OPTIONS;
      process.env.JAVA_TOOL_OPTIONS = `-Djava.security.krb5.conf=${at("krb5.conf")}`;
      try {
        return await startKafka({
          listeners: { TICKETS: "SASL_PLAINTEXT" },
          settings: {
            "sasl.enabled.mechanisms": "GSSAPI",
            "sasl.kerberos.service.name": "kafka",
            "listener.name.tickets.gssapi.sasl.jaas.config": `com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true keyTab="${at("broker.keytab")}" principal="kafka/127.0.0.1@${REALM}";`,
          },
        });
      } finally {
        if (before === undefined) delete process.env.JAVA_TOOL_OPTIONS;
        else process.env.JAVA_TOOL_OPTIONS = before;
      }
    },
    async [Symbol.asyncDispose]() {
      const ended = once(kdc, "exit");
      kdc.kill("SIGTERM");
      await ended;
      await folder.remove();
    },
  };
}

/** How a command reaches a Kafka that is not the platform's. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { z } from "zod";
import { checkDocument, readYaml } from "../config/yaml.ts";
import { Fault } from "../core/fault.ts";
import type { SecretReference } from "../core/secret.ts";
import type { openForeignTopic } from "../storage/storage.ts";
import { connectionShape } from "../storage/topic/kafka/connection-schema.ts";

/** A connection, and who reads the secrets that it names. */
export type KafkaReach = {
  readonly connection: Parameters<typeof openForeignTopic>[1];
  readonly readSecret: (reference: SecretReference) => string;
};

const schema = z.strictObject({ ...connectionShape, brokers: connectionShape.brokers.optional() });

/** Addresses of brokers on the command line, with commas between. */
export function brokerList(text: string): string[] {
  const { data, error } = connectionShape.brokers.safeParse(text.split(","));
  if (data === undefined) throw new InvalidArgumentError(error?.issues[0]?.message ?? "expected HOST:PORT");
  return data;
}

/**
 * The connection that a file describes as the source `kafka` of a sensor document does (`brokers`, `tls`, `sasl`). Brokers of the
 * command line replace those of the file. Files of secrets are below the folder of the file, unless they are named from the root.
 * @throws Fault INPUT_UNREADABLE, CONFIG_INVALID; REQUEST_INVALID when nobody names brokers
 */
export function readKafkaConnection(file: string | undefined, brokers: string[] | undefined): KafkaReach {
  const { brokers: written, ...proof } = file === undefined ? {} : readConnection(file);
  const named = brokers ?? written;
  if (named === undefined)
    throw new Fault("REQUEST_INVALID", "sending packets: nobody names the brokers", {
      advice: "Name some of them with --brokers, or in the file of --connection.",
    });
  return {
    connection: { brokers: named, ...proof },
    readSecret(reference) {
      if ("file" in reference)
        return readFileSync(resolve(dirname(file ?? "."), reference.file), "utf8").replace(/\r?\n$/, "");
      const value = process.env[reference.env];
      if (value === undefined) throw new Error(`the environment has no variable ${reference.env}`);
      return value;
    },
  };
}

function readConnection(file: string): z.output<typeof schema> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new Fault("INPUT_UNREADABLE", `reading ${file}: ${(cause as Error).message}`, { cause });
  }
  return checkDocument(schema, readYaml(text, file), file);
}

/** Topics, read and written from an expression. */
import { StellarError } from "../language/error.ts";
import { defineServiceFunction, type Namespace } from "../language/function.ts";
import type { Services } from "../run/services.ts";
import { parseJson } from "../values/json-reader.ts";
import {
  type Collection,
  isCollection,
  type List,
  StellarMap,
  toInteger,
  toText,
  type Value,
} from "../values/value.ts";

export type TopicRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since the epoch. */
  readonly timestamp: bigint;
  readonly key: string | null;
  readonly value: string | null;
};

/** Access to topics. `properties` are those of KAFKA_PROPS; each call waits at most their `stellar.kafka.max.wait.millis`. */
type TopicAccess = {
  /** The next records of the consumer group, which are then committed. */
  readonly get: (topic: string, count: number, properties: StellarMap) => readonly TopicRecord[];
  /** The records that come in from now on, as long as `accepts` wants them, up to a number. */
  readonly tail: (
    topic: string,
    count: number,
    properties: StellarMap,
    accepts: (record: TopicRecord) => boolean,
  ) => readonly TopicRecord[];
  readonly seek: (
    topic: string,
    partition: number,
    offset: bigint,
    properties: StellarMap,
  ) => TopicRecord | undefined;
  readonly put: (
    topic: string,
    values: readonly string[],
    properties: StellarMap,
  ) => readonly Omit<TopicRecord, "key" | "value">[];
};

declare module "../run/services.ts" {
  interface Services {
    readonly kafka?: TopicAccess;
  }
}

const VIEW = "stellar.kafka.message.view";
const DEFAULTS: readonly (readonly [string, Value])[] = [
  ["bootstrap.servers", "localhost:9092"],
  ["group.id", "kafka-functions-stellar"],
  ["auto.offset.reset", "latest"],
  ["max.poll.records", 1],
  ["key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer"],
  ["value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer"],
  ["key.serializer", "org.apache.kafka.common.serialization.StringSerializer"],
  ["value.serializer", "org.apache.kafka.common.serialization.StringSerializer"],
  ["stellar.kafka.max.wait.millis", 5000],
  ["stellar.kafka.poll.timeout", 500],
  [VIEW, "simple"],
];

const TOPIC = { name: "topic", type: "string", about: "Name of the topic." } as const;
const COUNT = {
  name: "count",
  type: "integer",
  about: "How many messages at most; 1 unless given.",
  optional: true,
} as const;
const PROPERTIES = {
  name: "properties",
  type: "map",
  about: "Settings that differ from those of KAFKA_PROPS().",
  optional: true,
} as const;
const MESSAGES_RESULT =
  "A list of texts, or with the rich message view of maps of value, topic, partition, offset, timestamp and key.";

const kafkaGet = defineServiceFunction({
  name: "KAFKA_GET",
  summary: "Gives the next messages of a topic, from where the last call ended.",
  params: [TOPIC, COUNT, PROPERTIES],
  returns: "list",
  result: MESSAGES_RESULT,
  needs: ["kafka"],
  examples: [],
  call: (services, topic, count, properties) => {
    const effective = propertiesOf(services, properties);
    return viewed(services.kafka.get(required(topic), count ?? 1, effective), effective);
  },
});

const kafkaTail = defineServiceFunction({
  name: "KAFKA_TAIL",
  summary: "Gives the messages that come into a topic from now on.",
  params: [TOPIC, COUNT, PROPERTIES],
  returns: "list",
  result: MESSAGES_RESULT,
  needs: ["kafka"],
  examples: [],
  call: (services, topic, count, properties) => {
    const effective = propertiesOf(services, properties);
    return viewed(
      services.kafka.tail(required(topic), count ?? 1, effective, () => true),
      effective,
    );
  },
});

const kafkaFind = defineServiceFunction({
  name: "KAFKA_FIND",
  summary: "Gives those messages that come into a topic from now on for which a function gives true.",
  params: [
    TOPIC,
    {
      name: "condition",
      type: "lambda",
      about: "Takes a message as a map; what is no JSON object is left out.",
    },
    COUNT,
    PROPERTIES,
  ],
  returns: "list",
  result: MESSAGES_RESULT,
  needs: ["kafka"],
  examples: [],
  call: (services, topic, condition, count, properties) => {
    if (condition === null) throw new StellarError("the condition must not be null");
    const effective = propertiesOf(services, properties);
    const accepts = (record: TopicRecord) => {
      const message = messageOf(record);
      return message !== undefined && condition.call(message) === true;
    };
    return viewed(services.kafka.tail(required(topic), count ?? 1, effective, accepts), effective);
  },
});

const kafkaSeek = defineServiceFunction({
  name: "KAFKA_SEEK",
  summary: "Gives the message at an offset of a topic; null when there is none.",
  params: [
    TOPIC,
    { name: "partition", type: "integer", about: "Number of the partition." },
    { name: "offset", type: "long", about: "The offset." },
    PROPERTIES,
  ],
  returns: "any",
  needs: ["kafka"],
  examples: [],
  call: (services, topic, partition, offset, properties) => {
    if (partition === null || offset === null)
      throw new StellarError("partition and offset must be whole numbers");
    const effective = propertiesOf(services, properties);
    const found = services.kafka.seek(required(topic), partition, offset, effective);
    return found === undefined ? null : (viewed([found], effective)[0] ?? null);
  },
});

const kafkaPut = defineServiceFunction({
  name: "KAFKA_PUT",
  summary: "Writes messages to a topic.",
  params: [TOPIC, { name: "messages", type: "any", about: "A text, or a list of texts." }, PROPERTIES],
  returns: "any",
  result: "How many were written, or with the rich message view where each of them is.",
  needs: ["kafka"],
  examples: [],
  call: (services, topic, messages, properties) => {
    if (messages === null) throw new StellarError("there are no messages to write");
    const effective = propertiesOf(services, properties);
    const texts: Collection = isCollection(messages) ? messages : [messages];
    const written = services.kafka.put(required(topic), Array.from(texts, toText), effective);
    if (!isRich(effective)) return written.length;
    return written.map(
      ({ partition, offset, timestamp }) =>
        new StellarMap([
          ["topic", topic],
          ["partition", partition],
          ["offset", offset],
          ["timestamp", timestamp],
        ]),
    );
  },
});

const kafkaProps = defineServiceFunction({
  name: "KAFKA_PROPS",
  summary:
    "Gives the settings that the KAFKA functions use: the defaults, the global configuration, then yours.",
  params: [PROPERTIES],
  returns: "map",
  needs: [],
  examples: [["MAP_GET('group.id', KAFKA_PROPS({'group.id' : 'mine'}))", "mine"]],
  call: (services, properties) => propertiesOf(services, properties),
});

export const kafka: Namespace = {
  name: "kafka",
  summary: "Read and write topics.",
  functions: [kafkaFind, kafkaGet, kafkaProps, kafkaPut, kafkaSeek, kafkaTail],
};

function propertiesOf(services: Services, given: StellarMap | null | undefined): StellarMap {
  const properties = new StellarMap(DEFAULTS);
  for (const layer of [services.globals?.(), given]) {
    for (const [key, value] of layer ?? []) properties.set(key, value);
  }
  return properties;
}

function required(topic: string | null): string {
  if (topic === null) throw new StellarError("the topic must not be null");
  return topic;
}

function isRich(properties: StellarMap): boolean {
  return properties.get(VIEW) === "rich";
}

function viewed(records: readonly TopicRecord[], properties: StellarMap): List {
  if (!isRich(properties)) return records.map((record) => record.value);
  return records.map(
    (record) =>
      new StellarMap([
        ["value", messageOf(record) ?? record.value],
        ["topic", record.topic],
        ["partition", toInteger(record.partition)],
        ["offset", record.offset],
        ["timestamp", record.timestamp],
        ["key", record.key],
      ]),
  );
}

/** The message as a map; undefined where it is no JSON object. */
function messageOf({ value }: TopicRecord): StellarMap | undefined {
  if (value === null) return undefined;
  try {
    const parsed = parseJson(value);
    return parsed instanceof StellarMap ? parsed : undefined;
  } catch (error) {
    if (error instanceof StellarError) return undefined;
    throw error;
  }
}

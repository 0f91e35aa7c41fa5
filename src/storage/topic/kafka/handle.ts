import type { KafkaSettings } from "../../kafka/settings.ts";
import type { TopicHandle } from "../contract.ts";

/** What another thread needs to read a topic; secrets are in it by their names. Structured-cloneable. */
export type KafkaHandle = TopicHandle & {
  readonly settings: KafkaSettings;
  /** Kafka's identity of the topic. */
  readonly topicId: string;
  /** Why it is not the topic that was read before: nothing of it is read, so that nothing is passed over. */
  readonly lost: string | undefined;
};

/** Whether a handle is one that `share` of a topic of Kafka made. Known without loading the client of Kafka. */
export function isOfKafka(handle: TopicHandle): handle is KafkaHandle {
  return "topicId" in handle;
}

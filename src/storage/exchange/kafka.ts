/**
 * Questions and answers over two topics of Kafka. Every process reads all questions, which are small; whoever has asked reads one partition of the
 * answers. Nobody reads anything that was there before: a process that is restarted answers no old questions. Brokers delete what is ten minutes old.
 */
import { randomInt, randomUUID } from "node:crypto";
import type { Context } from "../../core/context.ts";
import { Fault } from "../../core/fault.ts";
import { isDoneWithin } from "../../core/patience.ts";
import { Cluster, type Wire } from "../kafka/cluster.ts";
import type { KafkaSettings, ReadSecret } from "../kafka/settings.ts";
import { describeTopic, makeTopic } from "../kafka/topic-admin.ts";
import { Answers } from "./answers.ts";
import { type AnswerQuestion, type Exchange, MOST_QUESTION_BYTES } from "./contract.ts";
import {
  type AnswerHeader,
  encodeMessage,
  type QuestionHeader,
  type Reply,
  readAnswer,
  readQuestion,
} from "./message.ts";
import { Outbox } from "./outbox.ts";
import { Question, WINDOW_BYTES } from "./question.ts";
import { Tail } from "./tail.ts";

const ANSWER_PARTITIONS = 8;
/** Produce requests that are on their way to one broker at a time. */
const REQUESTS = 32;
const SETTINGS = {
  "cleanup.policy": "delete",
  "retention.ms": String(10 * 60_000),
  "retention.bytes": String(1024 * 1024 * 1024),
  "segment.ms": String(60_000),
  "segment.bytes": String(64 * 1024 * 1024),
  "max.message.bytes": String(4 * 1024 * 1024),
  // The clocks of machines differ, and what one of them takes for the future is not refused.
  "message.timestamp.type": "LogAppendTime",
};
/** One turn of the clock. Turns are counted rather than time, so that a machine that stood still blames nobody. */
const TURN_MILLISECONDS = 1_000;
/** Turns without a sign of life after which a process is silent, and without an answer of brokers after which they are. */
const SILENT_AFTER = 8;
const BROKERS_SILENT_AFTER = 4;
/** Turns from one sign of life of ours to the next. */
const ALIVE_EVERY = 2;
/** How long a process that ends waits for brokers, milliseconds. */
const LEAVE_WITHIN = 3_000;

/**
 * Opens the exchange of a process, under a name that no other process has at a time; makes its topics if there are none.
 * @throws Fault KAFKA_UNREACHABLE, KAFKA_REFUSED, CONFIG_INVALID
 */
export function openKafkaExchange(
  name: string,
  settings: KafkaSettings,
  readSecret: ReadSecret,
  context: Context,
): Promise<Exchange> {
  return Cluster.handTo(settings, readSecret, (cluster) => KafkaExchange.open(name, cluster, context));
}

class KafkaExchange implements Exchange {
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #context: Context;
  readonly #wire: Wire;
  /** Answers go to this life alone: what another one of the same name asked is nothing to it. */
  readonly #life = randomUUID();
  readonly #partition: number;
  readonly #answers: Answers;
  readonly #asked = new Map<string, Question>();
  readonly #outboxes = new Map<string, Outbox>();
  readonly #timer: NodeJS.Timeout;
  #questionTail: Tail | undefined;
  #answerTail: Promise<Tail> | undefined;
  #openAnswerTail: Tail | undefined;
  /** Whether brokers were silent for longer than they should be, and since when: epoch milliseconds. */
  #silentSince: number | undefined;
  #isSigning = false;
  #turn = 0;
  #isClosed = false;

  static async open(name: string, cluster: Cluster, context: Context): Promise<KafkaExchange> {
    const [, { partitions }] = await Promise.all([
      findTopic(cluster, "questions", 1),
      findTopic(cluster, "answers", ANSWER_PARTITIONS),
    ]);
    const exchange = new KafkaExchange(name, cluster, context, partitions);
    try {
      await exchange.#listen();
      return exchange;
    } catch (error) {
      await exchange[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(name: string, cluster: Cluster, context: Context, partitions: number) {
    this.name = name;
    this.#cluster = cluster;
    this.#context = context;
    this.#wire = cluster.wire(REQUESTS);
    this.#partition = randomInt(partitions);
    const send = async (to: Reply, header: AnswerHeader, body?: Uint8Array) => {
      // The writer of the question may have invented the partition.
      if (to.partition >= partitions) return;
      await this.#outbox("answers", to.partition).send(to.life, encodeMessage(header, body));
    };
    this.#answers = new Answers({ name, context, send });
    this.#timer = setInterval(() => this.#tick(), TURN_MILLISECONDS);
  }

  get fault(): Fault | undefined {
    const fault = this.#questionTail?.fault ?? this.#openAnswerTail?.fault;
    if (fault !== undefined) return fault;
    return this.#silentSince === undefined ? undefined : this.#brokersSilent(this.#silentSince);
  }

  get unreadable(): number {
    return (this.#questionTail?.unreadable ?? 0) + (this.#openAnswerTail?.unreadable ?? 0);
  }

  answer(kind: string, handler: AnswerQuestion): void {
    this.#answers.answer(kind, handler);
  }

  async *ask(
    to: string,
    kind: string,
    question: Uint8Array,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void> {
    signal.throwIfAborted();
    if (question.length > MOST_QUESTION_BYTES)
      throw new Fault(
        "TOO_LARGE",
        `asking process ${to}: a question of ${question.length} bytes; it may have ${MOST_QUESTION_BYTES}`,
      );
    if (this.#isClosed) throw new Fault("PROCESS_SILENT", `process ${this.name}: it ends`);
    const reply = { life: this.#life, partition: this.#partition };
    const send = (header: QuestionHeader, body?: Uint8Array) =>
      this.#outbox("questions", 0).send(to, encodeMessage(header, body));
    const asked = new Question(to, (credit) => {
      send({ type: "more", id: asked.id, reply, credit }).catch((error) => asked.fail(error));
    });
    const { id } = asked;
    this.#asked.set(id, asked);
    this.#listenForAnswers()
      .then(async () => {
        // Perhaps nobody waits for it any more.
        if (!this.#asked.has(id) || asked.isOver) return;
        await send({ type: "ask", id, reply, from: this.name, kind, credit: WINDOW_BYTES }, question);
        asked.isSent = true;
      })
      .catch((error) => asked.fail(error));
    try {
      yield* asked.parts(signal);
    } finally {
      this.#asked.delete(id);
      // Also after a fault of ours: the other process may know nothing of it.
      if (!asked.isEnded) send({ type: "cancel", id }).catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const question of this.#asked.values())
      question.fail(new Fault("PROCESS_SILENT", `process ${this.name}: it ends`));
    const sent = this.#answers.close();
    // What readers of answers do next is to tell that they are gone.
    await new Promise((resolve) => setImmediate(resolve));
    const boxes = [...this.#outboxes.values()].map((outbox) => outbox.close());
    await isDoneWithin(Promise.allSettled([sent, ...boxes]), LEAVE_WITHIN);
    this.#wire.close();
    await this.#questionTail?.[Symbol.asyncDispose]();
    await (await this.#answerTail?.catch(() => undefined))?.[Symbol.asyncDispose]();
    await this.#cluster[Symbol.asyncDispose]();
  }

  async #listen(): Promise<void> {
    this.#questionTail = await this.#tail("questions", 0, this.name, (value) => {
      const message = readQuestion(value);
      if (message !== undefined) this.#answers.take(message);
      return message !== undefined;
    });
  }

  /** Resolves when answers will be read. Who never asks never reads them. */
  #listenForAnswers(): Promise<Tail> {
    this.#answerTail ??= this.#tail("answers", this.#partition, this.#life, (value) => {
      const message = readAnswer(value);
      if (message !== undefined) this.#asked.get(message.header.id)?.take(message);
      return message !== undefined;
    }).then(
      (tail) => {
        this.#openAnswerTail = tail;
        return tail;
      },
      (error) => {
        this.#answerTail = undefined;
        throw error;
      },
    );
    return this.#answerTail;
  }

  #tail(name: TopicName, partition: number, key: string, take: (value: Buffer) => boolean): Promise<Tail> {
    const cluster = this.#cluster;
    const find = () => findTopic(cluster, name, name === "answers" ? ANSWER_PARTITIONS : 1);
    const topic = topicOf(cluster, name);
    return Tail.open({ cluster, context: this.#context, topic, partition, find, key, take });
  }

  #outbox(name: TopicName, partition: number): Outbox {
    const topic = topicOf(this.#cluster, name);
    const key = `${topic}/${partition}`;
    const found = this.#outboxes.get(key);
    if (found !== undefined) return found;
    const [cluster, wire, context] = [this.#cluster, this.#wire, this.#context];
    const outbox = new Outbox({ cluster, wire, context, topic, partition });
    this.#outboxes.set(key, outbox);
    return outbox;
  }

  #tick(): void {
    const quiet = Math.max(this.#questionTail?.tick() ?? 0, this.#openAnswerTail?.tick() ?? 0);
    const now = this.#context.clock.now();
    if (quiet < BROKERS_SILENT_AFTER) this.#silentSince = undefined;
    else this.#silentSince ??= now - quiet * TURN_MILLISECONDS;
    this.#answers.tick();
    for (const question of this.#asked.values())
      if (question.tick() >= SILENT_AFTER) question.fail(this.fault ?? processSilent(question.to));
    if (this.#turn++ % ALIVE_EVERY === 0 && this.#asked.size > 0) void this.#giveSigns();
  }

  /** Tells who answers that this process waits. While no broker answers, signs do not pile up. */
  async #giveSigns(): Promise<void> {
    if (this.#isSigning) return;
    this.#isSigning = true;
    const reply = { life: this.#life, partition: this.#partition };
    const outbox = this.#outbox("questions", 0);
    await Promise.allSettled(
      [...this.#asked.values()]
        .filter(({ isSent, isOver }) => isSent && !isOver)
        .map(({ id, to }) => outbox.send(to, encodeMessage({ type: "alive", id, reply }))),
    );
    this.#isSigning = false;
  }

  #brokersSilent(since: number): Fault {
    const { brokers } = this.#cluster.settings;
    return new Fault(
      "KAFKA_UNREACHABLE",
      `asking other processes: no broker of ${brokers.join(", ")} has answered since ${new Date(since).toISOString()}`,
    );
  }
}

type TopicName = "questions" | "answers";

/** No sensor's name begins so, and installations of other names have other topics. */
function topicOf({ settings }: Cluster, name: TopicName): string {
  return `${settings.prefix}_${settings.name}.${name}`;
}

async function findTopic(cluster: Cluster, name: TopicName, partitions: number) {
  const topic = topicOf(cluster, name);
  const topics = await cluster.ask(`looking for topic ${topic}`, (admin) => admin.listTopics());
  if (!topics.includes(topic)) await makeTopic(cluster, topic, partitions, SETTINGS);
  return describeTopic(cluster, topic, 1);
}

/** When it was heard last is not known here: it was asked just before. */
function processSilent(to: string): Fault {
  const seconds = (SILENT_AFTER * TURN_MILLISECONDS) / 1000;
  return new Fault("PROCESS_SILENT", `process ${to}: it has given no sign of life for ${seconds} s`, {
    details: { seconds },
  });
}

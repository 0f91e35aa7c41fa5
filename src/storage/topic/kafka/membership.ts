/**
 * Who reads which partition, dealt out through Kafka's classic groups. A member says at each join what it has, and the one that
 * leads the group deals out: first a partition is taken from who should not have it; once that member has let it go it joins
 * again, and then the partition is given away. So nobody stops reading what it keeps.
 *
 * The requests are made here and not by the library's consumer, which joins again before what was taken away is let go.
 */
import {
  type API,
  type Broker,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV9,
  syncGroupV5,
} from "@platformatic/kafka";
import { z } from "zod";
import type { Context } from "../../../core/context.ts";
import { Fault } from "../../../core/fault.ts";
import type { Cluster, Wire } from "../../kafka/cluster.ts";
import { answersOf, faultOf } from "../../kafka/faults.ts";
import type { Assignment, Membership } from "../contract.ts";
import { dealOut } from "../deal.ts";
import { metadataOf, readNoted } from "./standing.ts";

/** A member that says nothing for this long has died; another of its name may come back at once. */
const SESSION_MILLISECONDS = 20_000;
const REBALANCE_MILLISECONDS = 20_000;
const HEARTBEAT_MILLISECONDS = 500;
const RETRY_MILLISECONDS = 500;
const GOODBYE_MILLISECONDS = 2000;
/** How long a note is tried again while the group deals out anew. */
const NOTE_MILLISECONDS = 5000;
const DEALING = ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION"];
/** How long shares are kept for members that are expected and do not come. */
const EXPECTED_MILLISECONDS = 30_000;
const PROTOCOL = "metron";

const memberSchema = z.strictObject({
  name: z.string(),
  expected: z.array(z.string()),
  held: z.array(z.number()),
  /** Differs at every join, as a join that says nothing new is none to the broker. */
  turn: z.number(),
});
const shareSchema = z.strictObject({
  partitions: z.array(z.number()),
  /** Others wait for what this member has beside its share. */
  isAwaited: z.boolean(),
  /** Shares are kept for members that are not there. */
  isMissing: z.boolean(),
});
type Share = z.output<typeof shareSchema>;

export type MembershipOptions = {
  readonly cluster: Cluster;
  readonly context: Context;
  readonly topic: string;
  readonly partitions: number;
  readonly membership: Membership;
  /** Ends it as the membership's own signal does. */
  readonly closing: AbortSignal;
};

/** The group of Kafka whose members read a topic. */
export function groupOfMembers({ settings }: Cluster, group: string, topic: string): string {
  return `${settings.name}/${group}/${topic}`;
}

/** The shares of a member, which joins when the first is asked for; see `TopicReader.assigned`. */
export function assignmentOf(options: MembershipOptions): Assignment {
  const { membership, closing } = options;
  const signal = membership.signal ? AbortSignal.any([membership.signal, closing]) : closing;
  const member = new Member(options, signal);
  return {
    [Symbol.asyncIterator]: () => sharesOf(member),
    note: (partition, offset) => member.note(partition, offset),
  };
}

async function* sharesOf(member: Member): AsyncGenerator<readonly number[], void> {
  const ended = member.stay();
  try {
    for (;;) {
      const partitions = await member.next();
      if (partitions === undefined) return;
      yield partitions;
      member.letGo(partitions);
    }
  } finally {
    member.leave();
    await ended;
  }
}

class Member {
  readonly #options: MembershipOptions;
  readonly #group: string;
  readonly #signal: AbortSignal;
  readonly #wire: Wire;
  readonly #notes: Wire;
  readonly #joined = performance.now();
  readonly #left = new AbortController();
  /** What it reads, or has not let go. */
  #held = new Set<number>();
  /** Of this, what it was told to read and has had without a break since: only of this it may note anything. */
  #granted = new Set<number>();
  /** Whether a share was lost of which the reader was not told yet. */
  #isLost = false;
  /** Its last share, whether it has been told, and what the leader said with it. */
  #share: Share | undefined;
  #isNew = false;
  #id = "";
  #generation = -1;
  #coordinator: Broker | undefined;
  #turn = 0;
  #isToJoin = true;
  /** When a broker last confirmed that it is a member. */
  #confirmed = performance.now();
  #told = "";
  #expected: string[];
  readonly #over: Promise<number>;
  #isReplaced = false;
  #onShare = (): void => undefined;
  #onTurn = (): void => undefined;

  constructor(options: MembershipOptions, signal: AbortSignal) {
    this.#options = options;
    const { cluster, membership, topic } = options;
    this.#group = groupOfMembers(cluster, membership.group, topic);
    this.#signal = AbortSignal.any([signal, this.#left.signal]);
    this.#wire = cluster.wire();
    this.#notes = cluster.wire();
    this.#expected = [...(membership.expected ?? [])];
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#over = promise;
    this.#signal.addEventListener("abort", () => {
      resolve(0);
      this.#onShare();
      this.#onTurn();
    });
  }

  /** The next share that differs from the one before; undefined when the membership has ended. */
  async next(): Promise<readonly number[] | undefined> {
    while (!this.#isNew && !this.#isLost && !this.#isOver())
      await new Promise<void>((resolve) => {
        this.#onShare = resolve;
      });
    if (this.#isOver() || this.#share === undefined) return undefined;
    if (this.#isLost) {
      // Others may have read on from there: what is given again is begun again.
      this.#isLost = false;
      this.#isNew &&= this.#share.partitions.length > 0;
      return [];
    }
    this.#isNew = false;
    for (const partition of this.#share.partitions) this.#granted.add(partition);
    return this.#share.partitions;
  }

  /** Notes that of what it had before a share, only that share is still read. */
  letGo(partitions: readonly number[]): void {
    const before = this.#held.size;
    this.#granted = new Set(partitions.filter((partition) => this.#granted.has(partition)));
    this.#held = new Set([...partitions, ...(this.#share?.partitions ?? [])]);
    if (this.#held.size < before) this.#joinAgain();
  }

  leave(): void {
    this.#left.abort();
  }

  /** See `Assignment.note`. What comes while the group deals out anew is tried again in the next generation: what is let go is noted at that very time. */
  async note(partition: number, offset: number): Promise<boolean> {
    const { topic } = this.#options;
    const doing = `noting that partition ${partition} of topic ${topic} is kept up to ${offset}`;
    const until = performance.now() + NOTE_MILLISECONDS;
    for (;;) {
      if (this.#isOver()) return false;
      // Until it has joined again a note that is under way may still be taken.
      if (this.#id === "")
        throw new Fault("KAFKA_UNREACHABLE", `${doing}: it is in doubt who reads the partition`);
      if (!this.#granted.has(partition)) return false;
      try {
        await this.#noteOnce(partition, offset);
        return true;
      } catch (error) {
        const isDealing = answersOf(error).some((answer) => DEALING.includes(answer));
        if (!isDealing) this.#coordinator = undefined;
        if (!isDealing || performance.now() > until) throw faultOf(doing, error);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    }
  }

  async #noteOnce(partition: number, offset: number): Promise<void> {
    const { cluster, topic, membership } = this.#options;
    const [id, generation] = [this.#id, this.#generation];
    const before = await readNoted(cluster, this.#group, topic, partition);
    const note = {
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: metadataOf(before, membership.keeper ?? membership.member, offset),
    };
    this.#coordinator ??= await cluster.coordinator(this.#group);
    // The broker takes it only from this member in this generation of the group. On the other connection it would wait until a join is answered.
    await this.#notes.ask(
      this.#coordinator,
      offsetCommitV9.api,
      ...([this.#group, generation, id, membership.member] as const),
      [{ name: topic, partitions: [note] }],
    );
  }

  /** Stays a member until told to leave; what fails is tried again. */
  async stay(): Promise<void> {
    while (!this.#isOver()) {
      const work = this.#isToJoin ? this.#join() : this.#confirm();
      const wait = await Promise.race([
        work.then(
          () => (this.#isToJoin ? 0 : HEARTBEAT_MILLISECONDS),
          (error: unknown) => this.#recover(error),
        ),
        this.#over,
      ]);
      await this.#pause(wait);
      const isLate = performance.now() - this.#joined > EXPECTED_MILLISECONDS;
      if (isLate && this.#share?.isMissing === true && this.#expected.length > 0) {
        this.#expected = [];
        this.#joinAgain();
      }
    }
    this.#wire.close();
    this.#notes.close();
    await this.#sayGoodbye();
  }

  #isOver(): boolean {
    return this.#signal.aborted || this.#isReplaced;
  }

  async #join(): Promise<void> {
    this.#isToJoin = false;
    const { membership } = this.#options;
    const { member: name } = membership;
    const said = { name, expected: this.#expected, held: [...this.#held], turn: ++this.#turn };
    const joined = await this.#ask(
      joinGroupV9.api,
      ...([this.#group, SESSION_MILLISECONDS, REBALANCE_MILLISECONDS, this.#id, membership.member] as const),
      "metron",
      [{ name: PROTOCOL, metadata: Buffer.from(JSON.stringify(said)) }],
    );
    this.#id = joined.memberId;
    this.#generation = joined.generationId;
    const leads = joined.leader === joined.memberId && !joined.skipAssignment;
    const synced = await this.#ask(
      syncGroupV5.api,
      ...([this.#group, this.#generation, this.#id, membership.member, "metron", PROTOCOL] as const),
      leads ? this.#deal(joined.members) : [],
    );
    this.#confirmed = performance.now();
    this.#take(shareSchema.parse(JSON.parse(synced.assignment.toString())));
  }

  /** What the leader gives to each member. */
  #deal(members: readonly { readonly memberId: string; readonly metadata: Buffer }[]) {
    const readers = members
      .map(({ memberId, metadata }) => {
        const { name, expected, held } = memberSchema.parse(JSON.parse(metadata.toString()));
        return { memberId, name, expected, held: new Set(held) };
      })
      // Brokers list members in any order; the same members are to get the same partitions each time.
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const isMissing = readers
      .flatMap(({ expected }) => expected)
      .some((name) => !readers.some((reader) => reader.name === name));
    return [...dealOut(readers, this.#options.partitions)].map(([{ memberId, held }, partitions]) => {
      const isAwaited = [...held].some((partition) => !partitions.includes(partition));
      const share: Share = { partitions: [...partitions], isAwaited, isMissing };
      return { memberId, assignment: Buffer.from(JSON.stringify(share)) };
    });
  }

  #take(share: Share): void {
    const isSame = this.#share?.partitions.join() === share.partitions.join();
    this.#share = share;
    for (const partition of share.partitions) this.#held.add(partition);
    // Who takes the place of one that died has let go of all that the other had.
    if (share.isAwaited && this.#held.size === share.partitions.length) this.#joinAgain();
    if (isSame) return;
    this.#isNew = true;
    this.#onShare();
  }

  async #confirm(): Promise<void> {
    const { member } = this.#options.membership;
    await this.#ask(heartbeatV4.api, this.#group, this.#generation, this.#id, member);
    this.#confirmed = performance.now();
    this.#told = "";
  }

  /** Does what an answer asks for, or says why the membership is in doubt. Returns after how many milliseconds to go on. */
  #recover(error: unknown): number {
    const answers = answersOf(error);
    if (answers.includes("FENCED_INSTANCE_ID")) {
      this.#isReplaced = true;
      const { context, topic, membership } = this.#options;
      // After the death of a worker nobody is left to say this; where it is said, two processes take themselves for the same one.
      context.log.error("Another process of the same name reads a topic; this one has stopped.", {
        ...{ topic, member: membership.member },
      });
      this.#onShare();
      return 0;
    }
    if (answers.includes("REBALANCE_IN_PROGRESS")) {
      this.#isToJoin = true;
      return 0;
    }
    const isUnknown = answers.some((answer) => ["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION"].includes(answer));
    const isSilent = performance.now() - this.#confirmed > SESSION_MILLISECONDS;
    // Others have been given what it had, or will be: it may read on only what it is given again.
    if (isUnknown || isSilent) {
      this.#take({ partitions: [], isAwaited: false, isMissing: false });
      this.#id = "";
      this.#isLost ||= this.#granted.size > 0;
      this.#granted.clear();
      this.#held.clear();
      this.#onShare();
    }
    this.#coordinator = undefined;
    this.#isToJoin ||= isUnknown || isSilent || this.#generation < 0 || answers.length > 0;
    const { context, topic, membership } = this.#options;
    const { code, message } = faultOf(`sharing topic ${topic} in group ${membership.group}`, error);
    if (message !== this.#told)
      context.log.warn("It is in doubt who reads a topic.", { topic, code, reason: message });
    this.#told = message;
    return RETRY_MILLISECONDS;
  }

  /** Tells the others at once, so that they need not wait for the end of its session. */
  async #sayGoodbye(): Promise<void> {
    if (this.#turn === 0 || this.#isReplaced) return;
    const { cluster, membership } = this.#options;
    // The connection may still wait for the others to join.
    const wire = cluster.wire();
    const member = { memberId: this.#id, groupInstanceId: membership.member };
    const said = async () => {
      const coordinator = await cluster.coordinator(this.#group);
      await wire.ask(coordinator, leaveGroupV5.api, this.#group, [member]);
    };
    const late = new Promise((resolve) => setTimeout(resolve, GOODBYE_MILLISECONDS).unref());
    await Promise.race([said().catch(() => undefined), late]);
    wire.close();
  }

  #joinAgain(): void {
    this.#isToJoin = true;
    this.#onTurn();
  }

  async #ask<Parameters extends unknown[], Answer>(
    api: API<Parameters, Answer>,
    ...parameters: Parameters
  ): Promise<Answer> {
    this.#coordinator ??= await this.#options.cluster.coordinator(this.#group);
    return this.#wire.ask(this.#coordinator, api, ...parameters);
  }

  async #pause(milliseconds: number): Promise<void> {
    if (this.#isOver() || milliseconds === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#onTurn = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/**
 * Who reads which partition. The thread that writes a topic deals the partitions out, members in any thread ask for their
 * share; they talk over a channel whose name is in the topic's handle.
 */
import { randomUUID } from "node:crypto";
import { BroadcastChannel } from "node:worker_threads";
import type { Membership } from "../contract.ts";
import { dealOut } from "../deal.ts";

type FromMember =
  | {
      readonly type: "join";
      readonly id: string;
      readonly group: string;
      readonly member: string;
      readonly expected: readonly string[];
    }
  /** What share `number` does not list has been let go. */
  | { readonly type: "settle"; readonly id: string; readonly number: number }
  | { readonly type: "leave"; readonly id: string };

type ToMember = {
  readonly type: "share";
  readonly id: string;
  readonly number: number;
  readonly partitions: readonly number[];
};

type Member = {
  /** One membership of a name; joining by the name again makes another. */
  readonly id: string;
  readonly name: string;
  readonly expected: readonly string[];
  /** What it holds as far as is known: its share, and what it has not let go yet. */
  readonly held: Set<number>;
  share: readonly number[] | undefined;
  /** Shares are numbered, so that an answer to an earlier one says nothing about the last. */
  number: number;
};

/** Deals a topic's partitions out to the members of each group, by their names. */
export class Groups {
  readonly #channel: BroadcastChannel;
  readonly #partitions: number;
  readonly #groups = new Map<string, Map<string, Member>>();

  constructor(channel: string, partitions: number) {
    this.#partitions = partitions;
    this.#channel = new BroadcastChannel(channel);
    this.#channel.onmessage = ({ data }: { data: FromMember | ToMember }) => this.#receive(data);
    this.#channel.unref();
  }

  close(): void {
    this.#channel.close();
  }

  #receive(message: FromMember | ToMember): void {
    if (message.type === "share") return;
    if (message.type === "join") this.#join(message);
    for (const members of this.#groups.values()) {
      const member = members.values().find(({ id }) => id === message.id);
      if (member === undefined) continue;
      if (message.type === "leave") members.delete(member.name);
      if (message.type === "settle" && message.number === member.number)
        for (const partition of member.held)
          if (member.share?.includes(partition) === false) member.held.delete(partition);
      this.#deal(members);
    }
  }

  #join({ id, group, member: name, expected }: FromMember & { readonly type: "join" }): void {
    const members = this.#groups.get(group) ?? new Map<string, Member>();
    this.#groups.set(group, members);
    const held = members.get(name)?.held ?? new Set<number>();
    members.set(name, { id, name, expected, held, share: undefined, number: 0 });
  }

  /** Tells each member its share where it has changed. */
  #deal(members: ReadonlyMap<string, Member>): void {
    for (const [member, share] of dealOut([...members.values()], this.#partitions)) {
      for (const partition of share) member.held.add(partition);
      if (member.share?.join() === share.join()) continue;
      member.share = share;
      member.number++;
      const { id, number } = member;
      this.#channel.postMessage({ type: "share", id, number, partitions: share } satisfies ToMember);
    }
  }
}

/** The shares of a member; see `TopicReader.assigned`. `signal` ends them as the membership's own does. */
export async function* sharesOf(
  channelName: string,
  { group, member, expected = [], signal: own }: Membership,
  closing: AbortSignal,
): AsyncGenerator<readonly number[], void> {
  const signal = own === undefined ? closing : AbortSignal.any([own, closing]);
  if (signal.aborted) return;
  const id = randomUUID();
  const channel = new BroadcastChannel(channelName);
  const send = (message: FromMember) => channel.postMessage(message);
  let latest: ToMember | undefined;
  let wake = (): void => undefined;
  channel.onmessage = ({ data: message }: { data: FromMember | ToMember }) => {
    if (message.type !== "share" || message.id !== id) return;
    latest = message;
    wake();
  };
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  try {
    send({ type: "join", id, group, member, expected });
    while (!signal.aborted) {
      if (latest === undefined) {
        await new Promise<void>((resume) => {
          wake = resume;
        });
        continue;
      }
      const { number, partitions } = latest;
      latest = undefined;
      yield partitions;
      send({ type: "settle", id, number });
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    send({ type: "leave", id });
    channel.close();
  }
}

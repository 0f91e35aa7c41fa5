/**
 * The flows that go on: found by their tuple in either direction, and in waiting lists ordered by when each last had a packet. The table
 * is bounded; for a new flow the one that was silent longest goes.
 */
import type { Layers } from "../layers.ts";
import type { Side } from "../reassembly/segment.ts";
import { openSecretHash } from "../secret-hash.ts";
import type { Connection, Waiting, WaitingList } from "./connection.ts";

export type Timeouts = Readonly<Record<Waiting, number>>;

export type FlowTable = {
  readonly size: number;
  /** The flow of a row and which side sent it; `side` is only valid until the next call. */
  find(layers: Layers, row: number, key: number, one: number, other: number): Connection | undefined;
  readonly side: Side;
  add(connection: Connection): void;
  /** Notes that a packet came, and how long the flow may now be silent. */
  touch(connection: Connection, now: number, waiting: Waiting): void;
  remove(connection: Connection): void;
  /** The flow that is silent longest, of all lists. */
  oldest(): Connection | undefined;
  /** Flows that were silent longer than they may, one by one; each must be removed before the next is asked for. */
  expired(now: number): Connection | undefined;
  /** A number that is the same for both directions of a tuple. */
  keyOf(layers: Layers, row: number, one: number, other: number): number;
};

/** @param timeouts how long flows of each list may be silent, in microseconds */
export function openFlowTable(timeouts: Timeouts): FlowTable {
  const byKey = new Map<number, Connection>();
  const lists = Object.fromEntries(
    Object.entries(timeouts).map(([name, micros]): [string, WaitingList] => [
      name,
      { first: undefined, last: undefined, micros },
    ]),
  );
  const all = Object.values(lists);
  // An address and a port, the same for both ends, so that both directions have one key.
  const { spread } = openSecretHash(5);
  let size = 0;
  let side: Side = 0;
  /** Before this time no flow was silent too long: it is asked for every packet, and few packets end one. */
  let due = Number.POSITIVE_INFINITY;

  const unlink = (connection: Connection) => {
    const { list, before, behind } = connection;
    if (list === undefined) return;
    if (before === undefined) list.first = behind;
    else before.behind = behind;
    if (behind === undefined) list.last = before;
    else behind.before = before;
    connection.before = undefined;
    connection.behind = undefined;
  };
  const append = (connection: Connection, list: WaitingList) => {
    connection.list = list;
    connection.before = list.last;
    if (list.last === undefined) list.first = connection;
    else list.last.behind = connection;
    list.last = connection;
    due = Math.min(due, connection.touched + list.micros);
  };

  return {
    get size() {
      return size;
    },
    get side() {
      return side;
    },
    keyOf(layers, row, one, other) {
      const at = 4 * row;
      let source = spread(4, one);
      let destination = spread(4, other);
      for (let word = 0; word < 4; word++) {
        source = mix(source, spread(word, layers.source[at + word]!));
        destination = mix(destination, spread(word, layers.destination[at + word]!));
      }
      return (source + destination + layers.protocol[row]!) | 0;
    },
    find(layers, row, key, one, other) {
      for (let found = byKey.get(key); found !== undefined; found = found.sibling) {
        if (found.protocol !== layers.protocol[row] || found.version !== layers.version[row]) continue;
        const [from, to] = found.ports;
        if (from === one && to === other && isAt(found, layers, row)) {
          side = 0;
          return found;
        }
        if (from === other && to === one && isBack(found, layers, row)) {
          side = 1;
          return found;
        }
      }
      return undefined;
    },
    add(connection) {
      connection.sibling = byKey.get(connection.key);
      byKey.set(connection.key, connection);
      append(connection, lists[connection.waiting]!);
      size++;
    },
    touch(connection, now, waiting) {
      connection.touched = now;
      const isSame = connection.waiting === waiting && connection.list !== undefined;
      if (isSame && connection.behind === undefined) return;
      const list = isSame ? connection.list : lists[waiting];
      unlink(connection);
      connection.waiting = waiting;
      if (list !== undefined) append(connection, list);
    },
    remove(connection) {
      unlink(connection);
      size--;
      const first = byKey.get(connection.key);
      if (first === connection) {
        if (connection.sibling === undefined) byKey.delete(connection.key);
        else byKey.set(connection.key, connection.sibling);
        return;
      }
      for (let other = first; other !== undefined; other = other.sibling)
        if (other.sibling === connection) {
          other.sibling = connection.sibling;
          return;
        }
    },
    oldest() {
      let oldest: Connection | undefined;
      for (const { first } of all)
        if (first !== undefined && (oldest === undefined || first.touched < oldest.touched)) oldest = first;
      return oldest;
    },
    expired(now) {
      if (now < due) return undefined;
      due = Number.POSITIVE_INFINITY;
      for (const { first, micros } of all) {
        if (first === undefined) continue;
        due = Math.min(due, first.touched + micros);
        if (now - first.touched > micros) return first;
      }
      return undefined;
    },
  };
}

function mix(value: number, word: number): number {
  const mixed = Math.imul(value ^ word, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

function isAt({ from, to }: Connection, layers: Layers, row: number): boolean {
  return isAddress(from, layers.source, row) && isAddress(to, layers.destination, row);
}

function isBack({ from, to }: Connection, layers: Layers, row: number): boolean {
  return isAddress(to, layers.source, row) && isAddress(from, layers.destination, row);
}

function isAddress(address: Connection["from"], words: Uint32Array, row: number): boolean {
  const at = 4 * row;
  return (
    address[3] === (words[at + 3]! | 0) &&
    address[0] === (words[at]! | 0) &&
    address[1] === (words[at + 1]! | 0) &&
    address[2] === (words[at + 2]! | 0)
  );
}

import type { StoredInterface, StoredPackets } from "../../../storage/packets/contract.ts";
import type { ToQueryWorker } from "../protocol.ts";
import { type HostProgress, PartError, partOpener, readPart } from "./part.ts";

/** What other hosts find, as the thread of a query takes it. */
export type HostParts = {
  take(message: ToQueryWorker): void;
  /** Packets that came, in order of coming; undefined while there are none. */
  next(): StoredPackets | undefined;
  /** Whether more may come. */
  readonly isOpen: boolean;
  /** Resolves when something came, or nothing comes any more of a host. */
  arrival(): Promise<void>;
  /** How far all of them are together, and what is missing, in sentences with the name of the host. */
  readonly progress: Pick<HostProgress, "bytes" | "done" | "problems">;
  /** Whether one of them ended at its limit. */
  readonly isCut: boolean;
};

type Host = { open: boolean; state: HostProgress; readonly openPart: (part: Uint8Array) => Uint8Array };

const NOTHING: HostProgress = { bytes: 0, done: 0, problems: [], isCut: false };

/**
 * @param secret what packets are encrypted with here
 * @param onTaken told when the next part of a host may come
 */
export function openHostParts(
  names: readonly string[],
  secret: string | undefined,
  onTaken: (host: string) => void,
): HostParts {
  const hosts = new Map<string, Host>(
    names.map((name) => [name, { open: true, state: NOTHING, openPart: partOpener(secret) }]),
  );
  const come: { readonly name: string; readonly packets: StoredPackets }[] = [];
  const problems: string[] = [];
  let wake: (() => void) | undefined;

  const close = (name: string, host: Host, why: string | undefined) => {
    if (!host.open) return;
    host.open = false;
    if (why !== undefined) problems.push(missingOf(name, why));
  };
  const read = (name: string, host: Host, bytes: Uint8Array) => {
    try {
      const part = readPart(host.openPart(bytes));
      if (part.type === "packets") {
        come.push({ name, packets: part.packets });
        return;
      }
      host.state = part.state;
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      // Its next part is not asked for.
      close(name, host, error.message);
      return;
    }
    onTaken(name);
  };

  return {
    take(message) {
      const host = hosts.get(message.host);
      if (host === undefined) return;
      if (message.type === "hostEnded") close(message.host, host, message.why);
      else if (host.open) read(message.host, host, message.part);
      wake?.();
    },
    next() {
      const first = come.shift();
      if (first === undefined) return undefined;
      onTaken(first.name);
      const { packets, name } = first;
      // The same interface of two hosts is two.
      const interfaces: readonly StoredInterface[] = packets.seen;
      const seen = interfaces.map((each) => ({ ...each, capture: `${each.capture} of ${name}` }));
      return { ...packets, seen };
    },
    get isOpen() {
      return come.length > 0 || [...hosts.values()].some(({ open }) => open);
    },
    arrival: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    get progress() {
      const states = [...hosts].map(([name, { state }]) => ({ name, ...state }));
      const sum = (of: (state: HostProgress) => number) =>
        states.reduce((total, state) => total + of(state), 0);
      const told = states.flatMap(({ name, problems: own }) => own.map((problem) => `${name}: ${problem}`));
      return {
        bytes: sum(({ bytes }) => bytes),
        done: sum(({ done }) => done),
        problems: [...problems, ...told],
      };
    },
    get isCut() {
      return [...hosts.values()].some(({ state }) => state.isCut);
    },
  };
}

/** Says that packets of a host are missing in an answer, and why. */
export function missingOf(host: string, why: string): string {
  return `packets of ${host} are missing: ${why}`;
}

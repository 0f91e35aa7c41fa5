/** Telling an OpenSearch that works from one that is silent: what works may take its time, and nobody waits for what is silent. */
import { Fault } from "../../../core/fault.ts";
import { isDoneWithin } from "../../../core/patience.ts";
import { type Client, isSilence } from "./client.ts";
import { silentFault } from "./problems.ts";

type Patience = {
  readonly nodes: number;
  /** How long somebody has waited altogether when this has no answer, milliseconds: half of it was before. */
  readonly patience: number;
  readonly signal: AbortSignal | undefined;
};

/** Asks whether OpenSearch answers at all. @throws Fault INDEX_UNREACHABLE when it does not, or the reason of the signal */
export async function ping(client: Client, { nodes, patience, signal }: Patience): Promise<void> {
  const ended = new AbortController();
  const signals = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  const asking = client.ask("GET", "/", { signal: signals, time: patience / 2 / nodes });
  try {
    // The client's own clock is a coarse one, and does not run while it connects.
    if (await isDoneWithin(asking, patience / 2, signal)) return;
  } catch (error) {
    throw error instanceof Fault && isSilence(error) ? silentFault(client.name, patience) : error;
  }
  const fault = silentFault(client.name, patience);
  ended.abort(fault);
  throw fault;
}

type Watch = {
  /** Milliseconds after which it is asked whether OpenSearch answers, again and again. */
  readonly half: number;
  readonly signal: AbortSignal;
  readonly ping: () => Promise<void>;
};

/**
 * Runs a search for as long as OpenSearch answers at all: a silent one would keep it waiting for all the time that it may work.
 * @throws what the search throws, and what asking throws
 */
export async function whileAnswering<Result>(
  search: (signal: AbortSignal) => Promise<Result>,
  { half, signal, ping }: Watch,
): Promise<Result> {
  const ended = new AbortController();
  const searching = search(AbortSignal.any([signal, ended.signal]));
  try {
    while (!(await isDoneWithin(searching, half, signal))) await Promise.race([searching, ping()]);
  } catch (error) {
    ended.abort(error);
    throw error;
  }
  return searching;
}

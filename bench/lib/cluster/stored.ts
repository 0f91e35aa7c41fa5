/** What is stored, asked of OpenSearch itself: neither our search nor what a platform says of itself stands between. */
import { setTimeout as delay } from "node:timers/promises";

type Hit = { readonly _id: string; readonly _source: { readonly message?: Record<string, unknown> } };

const PATIENCE = 3000;
const PAGE = 10_000;

export class Stored {
  readonly #nodes: readonly string[];
  readonly #pattern: string;

  /** @param pattern of the names of the indices that are looked at. */
  constructor(nodes: readonly string[], pattern: string) {
    this.#nodes = nodes;
    this.#pattern = pattern;
  }

  /** How many messages there are; undefined while no node tells. */
  async count(): Promise<number | undefined> {
    for (const node of this.#nodes)
      try {
        await ask(node, "POST", `/${this.#pattern}/_refresh`);
        const answer = await ask(node, "GET", `/${this.#pattern}/_count`);
        const { count, _shards } = answer as { count: number; _shards: { failed: number } };
        if (_shards.failed === 0) return count;
      } catch {
        // The next one may know.
      }
    return undefined;
  }

  /** How often each number is stored that messages have in `n`. Waits for a node that tells. */
  async numbers(): Promise<Map<number, number>> {
    for (;;)
      try {
        return await this.#numbers(this.#nodes);
      } catch {
        await delay(1000);
      }
  }

  async #numbers(nodes: readonly string[]): Promise<Map<number, number>> {
    const node = await firstThatAnswers(nodes);
    await ask(node, "POST", `/${this.#pattern}/_refresh`);
    const times = new Map<number, number>();
    const body = { size: PAGE, sort: ["_doc"], _source: ["message.n"] };
    let page = await ask(node, "POST", `/${this.#pattern}/_search?scroll=1m`, body);
    for (;;) {
      const { _scroll_id, hits, _shards } = page as {
        _scroll_id: string;
        hits: { hits: readonly Hit[] };
        _shards: { failed: number };
      };
      if (_shards.failed > 0) throw new Error("not all shards answered");
      if (hits.hits.length === 0) {
        await ask(node, "DELETE", "/_search/scroll", { scroll_id: _scroll_id });
        return times;
      }
      for (const { _source } of hits.hits) {
        const n = Number(_source.message?.n);
        times.set(n, (times.get(n) ?? 0) + 1);
      }
      page = await ask(node, "POST", "/_search/scroll", { scroll: "1m", scroll_id: _scroll_id });
    }
  }

  /** Guids of messages that came last: those that a reader that takes over is most likely to read again. */
  async newest(size: number): Promise<readonly string[]> {
    const node = await firstThatAnswers(this.#nodes);
    const body = { size, sort: [{ time: "desc" }], _source: false };
    const { hits } = (await ask(node, "POST", `/${this.#pattern}/_search`, body)) as {
      hits: { hits: readonly Hit[] };
    };
    return hits.hits.map(({ _id }) => _id);
  }

  /** A field of messages by their guids; null where it is not set. */
  async field(guids: readonly string[], field: string): Promise<ReadonlyMap<string, unknown>> {
    const node = await firstThatAnswers(this.#nodes);
    const found = new Map<string, unknown>();
    for (let first = 0; first < guids.length; first += 1000) {
      const values = guids.slice(first, first + 1000);
      const body = { size: 1000, query: { ids: { values } }, _source: [`message.${field}`] };
      const { hits } = (await ask(node, "POST", `/${this.#pattern}/_search`, body)) as {
        hits: { hits: readonly Hit[] };
      };
      for (const { _id, _source } of hits.hits) found.set(_id, _source.message?.[field] ?? null);
    }
    return found;
  }
}

async function firstThatAnswers(nodes: readonly string[]): Promise<string> {
  for (;;) {
    for (const node of nodes)
      try {
        await ask(node, "GET", "/_cluster/health?wait_for_status=yellow&timeout=1s");
        return node;
      } catch {
        // The next one may.
      }
    await delay(500);
  }
}

async function ask(node: string, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${node}${path}`, {
    ...{ method, headers: { "content-type": "application/json" } },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE * (path.includes("scroll") ? 20 : 1)),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.json();
}

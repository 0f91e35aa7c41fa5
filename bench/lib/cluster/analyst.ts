/** An analyst who changes a message now and then, and remembers what was answered. */
import { setTimeout as delay } from "node:timers/promises";
import type { Installation } from "./installation.ts";

const EVERY = 500;
const PATIENCE = 15_000;
const NEWEST = 300;
const FIELD = "alert_assignee";

export type Analyst = {
  /** Changes that were answered. */
  readonly answered: () => number;
  readonly stop: () => Promise<void>;
  /** Changes that were answered and are not there. */
  readonly undone: () => Promise<number>;
};

export function startAnalyst({ processes, stored }: Installation): Analyst {
  /** By guid: what it must be; a change that nobody answered may have been made, so either value is right. */
  const values = new Map<string, readonly (string | null)[]>();
  const asked = new Set<string>();
  let [turn, answered, isOver] = [0, 0, false];
  const change = async (guid: string): Promise<void> => {
    const value = `ann-${turn}`;
    const before = values.get(guid) ?? [null];
    const url = processes[turn++ % processes.length]?.url();
    try {
      const answer = await fetch(`${url}/api/v1/messages/${encodeURIComponent(guid)}`, {
        ...{ method: "PATCH", headers: { "content-type": "application/json" } },
        body: JSON.stringify({ fields: { [FIELD]: value } }),
        signal: AbortSignal.timeout(PATIENCE),
      });
      await answer.text();
      if (answer.ok) {
        values.set(guid, [value]);
        answered++;
        return;
      }
    } catch {
      // It may have been made all the same.
    }
    values.set(guid, [...before, value]);
    asked.add(guid);
  };
  const working = (async () => {
    for (; !isOver; await delay(EVERY)) {
      const newest = await stored.newest(NEWEST).catch(() => []);
      const free = newest.filter((guid) => !asked.has(guid));
      const guid = free[Math.floor(Math.random() * free.length)];
      if (guid !== undefined) await change(guid);
    }
  })();
  return {
    answered: () => answered,
    async stop() {
      isOver = true;
      await working;
    },
    async undone() {
      const found = await stored.field([...values.keys()], FIELD);
      let count = 0;
      for (const [guid, allowed] of values)
        if (!allowed.includes((found.get(guid) ?? null) as string | null)) count++;
      return count;
    },
  };
}

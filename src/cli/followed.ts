import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ResponseOf } from "../api/endpoint.ts";
import { getUpload } from "../api/ingest.ts";
import { Fault } from "../core/fault.ts";
import type { Client } from "./client.ts";

type Upload = ResponseOf<typeof getUpload>;

/** Milliseconds between two questions how far the platform is. */
const EVERY = 1000;
/** How often a platform that does not answer is asked after the connection was lost. */
const TRIES = 5;
/** How often one that answers is asked whether all is settled. */
const PATIENCE = 60;

/**
 * Sends a stream under a name. When the connection is lost, the platform is asked how much it took.
 * @throws Fault of `send`, with `records` and `refused` in its details if the platform told, or with `atLeast` if it
 * is gone too and had told before that so many are durable
 */
export async function followed<Answer>(
  client: Client,
  send: (upload: string) => Promise<Answer>,
): Promise<Answer> {
  const name = randomUUID();
  let last: Upload | undefined;
  let isAsking = false;
  const ask = () => client.call(getUpload, { params: { name } });
  const timer = setInterval(async () => {
    if (isAsking) return;
    isAsking = true;
    last = await ask().catch(() => last);
    isAsking = false;
  }, EVERY);
  timer.unref();
  try {
    return await send(name);
  } catch (error) {
    clearInterval(timer);
    if (!(error instanceof Fault) || error.code !== "SERVER_UNREACHABLE") throw error;
    if (error.details?.records !== undefined) throw error;
    const told = await settled(ask);
    const details =
      told === undefined
        ? { atLeast: last?.accepted ?? 0 }
        : { records: told.accepted, refused: told.refused };
    throw new Fault(error.code, error.message, { cause: error, details: { ...error.details, ...details } });
  } finally {
    clearInterval(timer);
  }
}

/** What was taken in the end; undefined if the platform does not know or does not answer. */
async function settled(ask: () => Promise<Upload>): Promise<Upload | undefined> {
  let tries = 0;
  for (let asked = 0; asked < PATIENCE && tries < TRIES; asked++) {
    if (asked > 0) await sleep(EVERY / 2);
    try {
      const upload = await ask();
      if (upload.isOver) return upload;
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "SERVER_UNREACHABLE") return undefined;
      tries++;
    }
  }
  return undefined;
}

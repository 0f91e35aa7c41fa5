import type { FastifyInstance } from "fastify";
import {
  type CaptureState,
  captureUpdates,
  getCapture,
  listCaptures,
  stopCapture,
} from "../../api/captures.ts";
import type { Platform } from "../../platform/platform.ts";
import { openEvents } from "../events.ts";
import { implement } from "../implement.ts";

/** How often changes are sent, milliseconds. */
const SEND_EVERY = 250;

/** What is told of captures; they are uploaded where streams are read (`intake.ts`). */
export function captureRoutes(app: FastifyInstance, { captures, context }: Platform): void {
  implement(app, listCaptures, () => ({ captures: captures.list() }));

  implement(app, captureUpdates, ({ reply, signal }) => {
    const ending = AbortSignal.any([signal, context.signal]);
    const send = openEvents<CaptureState>(reply, "capture", ending);
    // Where states change often, or the client reads slowly, only the latest state is sent.
    const changed = new Map<string, CaptureState>();
    captures.watch((state) => changed.set(state.id, state), ending);
    const sending = setInterval(() => {
      for (const [id, state] of changed) if (send(state)) changed.delete(id);
    }, SEND_EVERY);
    ending.addEventListener("abort", () => clearInterval(sending), { once: true });
    return undefined;
  });

  implement(app, getCapture, ({ params }) => captures.get(params.id));

  implement(app, stopCapture, ({ actor, params }) => captures.stop(params.id, actor.name));
}

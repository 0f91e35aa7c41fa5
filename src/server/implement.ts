import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import {
  type BodyOf,
  type EndpointShape,
  isStreamBody,
  type ParamsOf,
  type QueryOf,
  type ResponseOf,
  servedAt,
} from "../api/endpoint.ts";
import { type Actor, mayAct, maySeePackets, packetPermission } from "../core/actor.ts";
import { Fault } from "../core/fault.ts";
import { inWords } from "../core/in-words.ts";
import { COMPARE } from "./problems.ts";

/** Answers who makes a request. Someone whom it does not know has the role `open`. */
export type ActorOf = (request: FastifyRequest) => Actor | Promise<Actor>;

declare module "fastify" {
  interface FastifyInstance {
    readonly actorOf: ActorOf;
  }
}

/** What a handler gets: everything checked by the endpoint's own schemas. */
type Call<Shape extends EndpointShape> = {
  /** Who makes the call; has the role that the endpoint declares. */
  readonly actor: Actor;
  readonly params: ParamsOf<Shape>;
  readonly query: QueryOf<Shape>;
  readonly body: BodyOf<Shape>;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** The raw request, for bodies that are streams. */
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

export type Handler<Shape extends EndpointShape> = (
  call: Call<Shape>,
) => Promise<ResponseOf<Shape> | undefined> | ResponseOf<Shape> | undefined;

/**
 * Serves an endpoint: checks who asks before the body is read, then what comes in, and answers what the handler returns
 * (or nothing, when it answered itself).
 */
export function implement<Shape extends EndpointShape>(
  app: FastifyInstance,
  endpoint: Shape,
  handler: Handler<Shape>,
): void {
  const actors = new WeakMap<FastifyRequest, Actor>();
  app.route({
    method: endpoint.method,
    url: servedAt(endpoint),
    config: { isStream: isStreamBody(endpoint.body) },
    onRequest: async (request) => {
      const actor = await app.actorOf(request);
      admit(actor, endpoint);
      actors.set(request, actor);
    },
    handler: async (request, reply) => {
      const actor = actors.get(request);
      if (actor === undefined) throw new Error("a request came to its handler without an actor");
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const call = {
        actor,
        params: check(endpoint.params, request.params, "path") as ParamsOf<Shape>,
        query: check(endpoint.query, request.query, "query string") as QueryOf<Shape>,
        body: (isStreamBody(endpoint.body)
          ? undefined
          : check(endpoint.body, shallow(request.body), "body")) as BodyOf<Shape>,
        signal: gone.signal,
        request,
        reply,
      };
      try {
        return (await handler(call)) ?? reply;
      } catch (error) {
        // Nobody waits for the answer any more; a handler that stopped for it is no bug.
        if (!gone.signal.aborted || error !== gone.signal.reason) throw error;
        throw new Fault("INPUT_UNREADABLE", "reading the request: the client went away", { cause: error });
      }
    },
  });
}

/** Throws Fault ROLE_NEEDED unless the actor has the endpoint's role, PERMISSION_NEEDED unless it may see what it answers of packets. */
function admit(actor: Actor, endpoint: EndpointShape): void {
  const { packets: needed = "none" } = endpoint;
  if (mayAct(actor, endpoint.role) && maySeePackets(actor, needed)) return;
  if (mayAct(actor, endpoint.role))
    throw new Fault(
      "PERMISSION_NEEDED",
      `answering ${endpoint.method} ${endpoint.path}: it needs the permission \`${needed}\` for packets, and ${actor.name} has \`${packetPermission(actor)}\``,
    );
  const { name, role } = actor;
  const has =
    role === "open"
      ? "has none, as Metron has no accounts yet and only this machine is known"
      : `has the role \`${role}\``;
  throw new Fault(
    "ROLE_NEEDED",
    `answering ${endpoint.method} ${endpoint.path}: it needs the role \`${endpoint.role}\`, and ${name} ${has}`,
  );
}

/** Deeper bodies would overflow the stack of whatever goes into them. */
const MAX_NESTING = 500;

/** A body that does not nest too deep. Throws Fault REQUEST_INVALID for one that does. */
function shallow(body: unknown): unknown {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_NESTING)
      throw new Fault(
        "REQUEST_INVALID",
        `reading the body of the request: it nests deeper than ${MAX_NESTING}`,
        { advice: COMPARE },
      );
    level = level.flatMap((value) =>
      typeof value === "object" && value !== null ? Object.values(value).filter(isNested) : [],
    );
  }
  return body;
}

function isNested(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Checks a part of a request. Throws Fault REQUEST_INVALID naming every mistake. */
function check(schema: z.ZodType | undefined, value: unknown, part: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value ?? {}, { error: inWords });
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(
    (issue) => `${issue.path.map(String).join(".") || part}: ${issue.message}`,
  );
  throw new Fault("REQUEST_INVALID", `reading the ${part} of the request: ${mistakes.join("; ")}`, {
    advice: COMPARE,
  });
}

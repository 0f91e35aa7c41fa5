import type { FastifyInstance } from "fastify";
import type { BodyOf } from "../../api/endpoint.ts";
import { getMessage, messageHistory, patchMessage } from "../../api/messages.ts";
import { replayRejections } from "../../api/replay.ts";
import type { Actor } from "../../core/actor.ts";
import { Fault } from "../../core/fault.ts";
import type { FieldValue, Message } from "../../core/message.ts";
import type { Platform } from "../../platform/platform.ts";
import { implement } from "../implement.ts";

/** Set with every change; the history says the same by itself. */
const NOTED = new Set(["alert_changed_by", "alert_changed_at"]);

export function messageRoutes(app: FastifyInstance, platform: Platform): void {
  const { index } = platform;

  implement(app, replayRejections, async ({ actor, body }) => {
    const done = await platform.replay(body, actor);
    // A sensor's name that is mistyped must not look like a sensor with nothing to replay.
    if (body.sensor !== undefined && done.replayed + done.incomplete + done.unknown === 0) {
      const sensors = await platform.searchedSensors(actor);
      if (!sensors.includes(body.sensor))
        throw new Fault(
          "SENSOR_UNKNOWN",
          `replaying records of sensor \`${body.sensor}\`: there is no such sensor; there are: ${sensors.join(", ")}`,
        );
    }
    return done;
  });

  implement(app, getMessage, async ({ actor, params, signal }) => ({
    message: await readMessage(platform, params.guid, actor, signal),
  }));

  implement(app, messageHistory, async ({ actor, params: { guid }, signal }) => {
    const [message] = await withGuid(platform, guid, actor, signal);
    if (message === undefined) throw unknownGuid(platform, "reading the history of", guid, signal);
    const { changes, earlier } = await index.history(guid);
    return {
      changes: changes.toReversed().map(({ by, at, fields }) => ({
        ...{ by, at },
        fields: fields.filter(({ name }) => !NOTED.has(name)),
      })),
      earlier,
    };
  });

  // One change after another: a comment is added to those that are there.
  let changing: Promise<unknown> = Promise.resolve();
  implement(app, patchMessage, ({ actor, params, body }) => {
    const turn = changing.then(() => change(platform, params.guid, body.fields, actor));
    changing = turn.catch(() => undefined);
    return turn;
  });
}

/** A message that the actor may see. Throws Fault NOT_FOUND. */
export async function readMessage(
  platform: Platform,
  guid: string,
  actor: Actor,
  signal?: AbortSignal,
): Promise<Message> {
  const { index } = platform;
  const [message] =
    actor.scope === undefined
      ? await index.get([guid], signal)
      : await withGuid(platform, guid, actor, signal);
  if (message !== undefined) return message;
  throw unknownGuid(platform, "reading", guid, signal);
}

async function change(
  platform: Platform,
  guid: string,
  { comment, ...fields }: BodyOf<typeof patchMessage>["fields"],
  actor: Actor,
) {
  const { index, context } = platform;
  const { signal } = new AbortController();
  const [message, another] = await withGuid(platform, guid, actor, signal);
  if (message === undefined) throw unknownGuid(platform, "changing", guid, signal);
  if (another !== undefined)
    throw new Fault("MESSAGE_AMBIGUOUS", `changing message ${guid}: several messages have this guid`);
  const now = context.clock.now();
  const set: Record<string, FieldValue> = { alert_changed_by: actor.name, alert_changed_at: now };
  const remove: string[] = [];
  for (const [field, value] of Object.entries(fields)) {
    if (value === null) remove.push(field);
    else if (value !== undefined) set[field] = value;
  }
  if (comment !== undefined) {
    const before = Array.isArray(message.comments) ? message.comments : [];
    set.comments = [...before, { comment, username: actor.name, timestamp: now }];
  }
  return { message: await index.patch(guid, { set, remove }, actor.name) };
}

/** The messages with a guid that the actor may see: one, unless an earlier version took guids that records brought. */
async function withGuid(
  platform: Platform,
  guid: string,
  actor: Actor,
  signal?: AbortSignal,
): Promise<readonly Message[]> {
  const query = await platform.asked(`guid:${JSON.stringify(guid)}`, actor);
  return (await platform.index.search({ query, size: 2, total: false, signal })).messages;
}

function unknownGuid(
  { index }: Platform,
  doing: string,
  guid: string,
  signal: AbortSignal | undefined,
): Fault {
  const problems = index.problems({ signal });
  const missing = problems.find(({ process }) => process !== undefined);
  if (missing !== undefined)
    return new Fault("PROCESS_SILENT", `${doing} message ${guid}: it was not found; ${missing.text}`);
  const lacks =
    problems.length > 0 ? ", or it is in a part of the index or of the archive that cannot be read" : "";
  return new Fault("NOT_FOUND", `${doing} message ${guid}: there is no message with this guid${lacks}`);
}

import type { Change } from "../config/store.ts";
import type { Actor } from "../core/actor.ts";
import type { Block } from "../core/block.ts";
import { ERROR_SENSOR } from "../pipeline/errors.ts";
import { sensorsSeenBy } from "../query/scope.ts";
import { Activity } from "./activity.ts";
import { snapshotAsksForAddresses } from "./address-databases.ts";
import { askedQuery } from "./asked.ts";
import { openCaptures } from "./capture/open-captures.ts";
import { diskOf } from "./disk.ts";
import { Evaluator } from "./evaluator.ts";
import { knownFields } from "./field-notes.ts";
import { type FoundationOptions, openFoundation } from "./foundation.ts";
import type { StreamOptions } from "./intake.ts";
import { Intel } from "./intel.ts";
import { LoopState } from "./loop-state.ts";
import { memberSelf } from "./member-self.ts";
import { modelStates, modelsInForce } from "./models/model-states.ts";
import { openPacketHosts } from "./packets/hosts/open.ts";
import { openInspection } from "./packets/inspection.ts";
import { profileStates } from "./profiles/profile-states.ts";
import { Rebuild } from "./rebuild.ts";
import { rebuildTopics } from "./rebuild-topics.ts";
import { type ReplayRequest, replay } from "./replay.ts";
import { startUpkeep } from "./upkeep.ts";
import { type Upload, Uploads } from "./uploads.ts";

export type PlatformOptions = FoundationOptions & {
  /** `server`: without worker threads, as other processes have them. */
  readonly role?: "all" | "server";
  /** Whether the sources of the sensor documents are opened. */
  readonly sources: boolean;
  /** Bounds of one expression that is asked for over the network. */
  readonly expressions?: { readonly milliseconds?: number; readonly megabytes?: number };
  /** Milliseconds from one round of upkeep to the next: positions of topics, retention, sources that wait for a port. */
  readonly upkeepEvery?: number;
};

/** Milliseconds in which what was published is to be in force in all processes. */
const MEMBER_PATIENCE = 2_000;

export type Platform = Awaited<ReturnType<typeof openPlatform>>;

/**
 * Opens the door of an installation, or with the role `all` everything that makes one: the foundation with its workers, searches,
 * captures, sources, and what people ask for. Disposing of it stops intake, lets the workers drain and closes all.
 * @throws Fault as `openFoundation`
 */
export async function openPlatform(options: PlatformOptions) {
  const stack = new AsyncDisposableStack();
  try {
    const foundation = await openFoundation(stack, options.role ?? "all", options);
    const { context, data, config, global, settings, storage, services, intake } = foundation;
    const { publishing, supervisor, databases, members, threads } = foundation;
    const loop = new LoopState(supervisor, members);
    const { index, packets } = storage;
    const intel = new Intel(foundation.tables.threatIntel, context.log);
    const schema = () => knownFields(services.components);
    const inForce = () => ({ global: publishing.globalText, functions: publishing.functions });

    const evaluator = stack.use(new Evaluator({ ...options.expressions, context, start: threads, inForce }));
    foundation.onDatabases((handles) => evaluator.share({ databases: handles }));
    const inspection = stack.use(
      openInspection({
        ...{ data, context, intel, store: packets, hosts: await openPacketHosts(stack, foundation) },
        limits: settings.packets.queries,
        environment: () => services.evaluation(global()),
        expressions: () => ({ ...threads(), ...inForce() }),
      }),
    );
    const activity = stack.use(
      new Activity(loop, intake, { index, packets, packetHosts: inspection.hosts }, context, () => ({
        sources: sources?.problems() ?? new Map(),
        counts: sources?.counts() ?? new Map(),
        losses: sources?.losses() ?? [],
        faults: foundation.faults(),
      })),
    );
    const rebuild = stack.use(
      new Rebuild({
        ...{ index, context },
        settle: async (signal) => {
          await activity.caughtUp(signal);
          await supervisor.seal();
        },
        async topics(sensors, withCurrent) {
          const functions = (changes: readonly Change[]) => publishing.sources(changes);
          const sources = {
            config,
            index,
            handles: intake.handles(),
            snapshot: publishing.snapshot(),
            functions,
          };
          const found = await rebuildTopics(sensors, withCurrent, sources);
          const epochs = found.flatMap((topic) => topic.epochs);
          if (epochs.some((epoch) => snapshotAsksForAddresses(epoch.snapshot)))
            await databases.load(global().databases);
          return found;
        },
        start: threads,
      }),
    );
    const captures = await openCaptures(stack, foundation);
    const sources = options.sources
      ? await foundation.openSources((sensor, request) => captures.take(sensor, request))
      : undefined;
    const self = memberSelf(foundation, sources, { captures, tellsProblems: false });
    members?.begin(self);
    publishing.followOthers();
    stack.use(startUpkeep(foundation, sources, options.upkeepEvery));

    let replaying: Promise<unknown> = Promise.resolve();
    const uploads = new Uploads();
    const readiness = () => self.readiness();
    // Where no worker thread is, others have the models.
    const models = () =>
      supervisor.workers === 0
        ? {}
        : modelStates(modelsInForce(publishing.snapshot(), publishing.documents), supervisor.models.all());
    const open = stack.move();

    return {
      context,
      data,
      config,
      index,
      packets,
      captures,
      intel,
      services,
      settings,
      tables: foundation.tables,
      /** What people do with stored packets. */
      inspection,
      /** The parser that a sensor's records are read by; undefined when there is no such sensor. */
      parserOf(sensor: string): string | undefined {
        const text = config.get("sensor", sensor)?.text ?? undefined;
        return text === undefined ? undefined : publishing.documents.parserOf(sensor, text);
      },
      /** Evaluates what somebody asks for in a thread that can be ended. */
      evaluator,

      /** Resolves when the workers read their topics and the geographic databases are loaded. */
      ready: foundation.ready,
      /** Checks and publishes documents: all or none. Resolves when they are in force here. Throws Fault CONFIG_INVALID. */
      publish: (changes: readonly Change[], by: { author: string; at: number; note?: string }) =>
        publishing.publish(changes, by),
      /** Waits some seconds for what was published to be in force in all other processes; returns where it is not. */
      notInForce: async () => (await members?.withoutRevision(publishing.revision, MEMBER_PATIENCE)) ?? [],
      /** Answers what is doubtful about documents, and takes nothing into use. Throws Fault CONFIG_INVALID if they could not be published. */
      check: (changes: readonly Change[]) => publishing.check(changes),
      /** Loads the databases of addresses if no document has asked for them yet. */
      loadAddresses: () => databases.load(global().databases),

      /** Makes a block of records durable; resolves to the offset of the first. */
      ingest: (sensor: string, block: Block) => intake.deliver(sensor, block),
      /** Makes the records of a stream durable and notes whose they are. Throws Fault SENSOR_UNKNOWN. */
      async ingestStream(
        sensor: string,
        input: AsyncIterable<Uint8Array>,
        { actor, upload, ...how }: StreamOptions & { actor: Actor; upload?: string | undefined },
      ) {
        const take = (onProgress?: StreamOptions["onProgress"]) =>
          intake.stream(sensor, input, { ...how, onProgress }, sensorsSeenBy(actor));
        const accepted = await (upload === undefined ? take() : uploads.follow(upload, sensor, take));
        context.log.info("Records were taken.", { sensor, ...accepted, by: actor.name });
        return accepted;
      },
      /** How far a stream that its sender gave a name was taken; undefined if none of this name is remembered, or not for this actor. */
      upload(name: string, actor: Actor): Upload | undefined {
        const found = uploads.get(name);
        return found !== undefined && sensorsSeenBy(actor)(found.sensor) ? found : undefined;
      },
      /** Sends rejected records through their sensors again. */
      replay(request: ReplayRequest, actor: Actor): ReturnType<typeof replay> {
        // One after the other: two at once would send the same records twice.
        const asked = (query: string) => askedQuery(query, actor, { index, schema: schema(), ...context });
        const turn = replaying.then(() => replay(request, actor, { index, intake, asked, ...context }));
        replaying = turn.catch(() => undefined);
        return turn;
      },
      /** Makes lost or damaged parts of the index again. */
      rebuild,
      /** Addresses the sources listen on. */
      addresses: () => sources?.addresses() ?? [],

      storedSensors: () => activity.storedSensors(),
      /** What an actor's search that names no sensors is about: all that it may see and that are configured or stored, but the error index. */
      async searchedSensors(actor: Actor): Promise<string[]> {
        const configured = intake.sensors().map(({ name }) => name);
        const missing = index.problems().flatMap(({ sensor }) => sensor ?? []);
        const all = new Set([...configured, ...(await activity.storedSensors()), ...missing]);
        all.delete(ERROR_SENSOR);
        return [...all].filter(sensorsSeenBy(actor));
      },
      /** The query that an actor asks with a text. Throws Fault QUERY_INVALID. */
      asked: (text: string, actor: Actor) => askedQuery(text, actor, { index, schema: schema(), ...context }),
      /** What is declared of fields. */
      schema,
      activity: (isSeen: (sensor: string) => boolean) => activity.now(isSeen),
      sensorStates: () => activity.sensorStates(),
      storedAsOf: () => activity.storedAsOf(),
      status: async () => ({
        ...(await activity.status()),
        ...profileStates(supervisor.profileCounts()),
        ...models(),
        ...(members && { processes: members.states() }),
      }),
      /** Whether it does what it was started for, and why not. */
      readiness,
      metricsText: async () =>
        activity.metricsText({ ready: readiness().ready, disk: await diskOf(data) }, models().models),
      /** Ends a worker as a crash would; it is started again. */
      endWorker: (worker: number) => supervisor.end(worker),
      /** What the workers counted since the start, by sensor. */
      counts: () => loop.counts(),
      /** Tells how far the bundled scenario is, for the status. */
      scenario: activity.scenario,

      /** Resolves when everything accepted so far is searchable. */
      caughtUp: () => activity.caughtUp(),
      /** Resolves when everything searchable is on disk. */
      seal: () => supervisor.seal(),

      [Symbol.asyncDispose]: () => open.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

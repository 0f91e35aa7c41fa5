import type { Readable } from "node:stream";
import { type CaptureState, uploadCapture } from "../api/captures.ts";
import { ingestRecords } from "../api/ingest.ts";
import { facetMessages } from "../api/search.ts";
import { listSensors } from "../api/sensors.ts";
import { LOCAL } from "../core/actor.ts";
import { Fault } from "../core/fault.ts";
import { ROOT } from "../platform/version.ts";
import type { CaptureChoice } from "../sources/capture/taking.ts";
import { addressOf, type Client, connect, dataFolder } from "./client.ts";
import { followed } from "./followed.ts";
import type { Reach } from "./options.ts";

/** Names of captures are cut to this, their ends kept. */
const NAME_LENGTH = 300;

type Accepted = { accepted: number; bytes: number; refused: number };
type Progress = { indexed: number; rejected: number; lag: number };

/** Where telemetry goes: a running platform over HTTP or, when none runs on the data folder, one in this process. */
export type Target = AsyncDisposable & {
  /** @throws Fault whose details have `records` and `refused` if it is known how much was taken, and `atLeast` if only that much is. */
  send(sensor: string, input: Readable, options: Sent): Promise<Accepted>;
  /** Takes a capture, and answers when its packets are stored and the records of its flows are durable. */
  sendCapture(input: Readable, options: SentCapture): Promise<CaptureState>;
  /** Since the target was opened. */
  /** @throws Fault SENSOR_UNKNOWN when it was withdrawn meanwhile. */
  progress(sensor: string): Promise<Progress>;
  /** The most frequent reasons of rejections since the target was opened. */
  reasons(sensor: string): Promise<{ reason: string; count: number }[]>;
};

type Sent = {
  readonly gzip: boolean;
  /** Records at the beginning that are left out. */
  readonly skip?: number | undefined;
};

type SentCapture = CaptureChoice & {
  readonly name: string;
  /** Packets at the beginning that are left out. */
  readonly skip?: number | undefined;
};

/** The sensor that flows of captures belong to. */
export const PCAP_SENSOR = "pcap";

export async function openTarget(reach: Reach): Promise<Target> {
  const data = dataFolder(reach);
  if (reach.server === undefined && addressOf(data) === undefined) return ownPlatform(data);
  try {
    return remote(await connect(reach));
  } catch (error) {
    // The process that left its address behind may be another one by now.
    const isNamed = reach.server !== undefined;
    if (isNamed || !(error instanceof Fault) || error.code !== "SERVER_UNREACHABLE") throw error;
    return ownPlatform(data);
  }
}

async function remote(client: Client): Promise<Target> {
  const opened = Date.now();
  const states = async () =>
    new Map((await client.call(listSensors)).sensors.map((sensor) => [sensor.name, sensor]));
  const before = await states();
  return {
    send: (sensor, stream, { gzip, skip }) =>
      followed(client, (upload) =>
        client.call(ingestRecords, {
          params: { sensor },
          query: { upload, ...(skip !== undefined && { from: skip + 1 }) },
          body: stream,
          headers: {
            "content-type": "application/octet-stream",
            ...(gzip ? { "content-encoding": "gzip" } : {}),
          },
        }),
      ),
    sendCapture: (body, { name, packetsOnly = false, ...choice }) =>
      client.call(uploadCapture, {
        query: { name: name.slice(-NAME_LENGTH), ...choice, packetsOnly: String(packetsOnly) },
        body,
        headers: { "content-type": "application/octet-stream" },
      }),
    async progress(sensor) {
      const now = (await states()).get(sensor);
      const then = before.get(sensor);
      if (now === undefined) throw withdrawn(sensor);
      return {
        indexed: since(now.indexed, then?.indexed),
        rejected: since(now.rejected, then?.rejected),
        lag: now.lag,
      };
    },
    async reasons(sensor) {
      const { facets } = await client.call(facetMessages, {
        body: { query: failedAt(sensor), sensors: ["error"], fields: ["message"], from: opened },
      });
      return (facets[0]?.values ?? []).map(({ value, count }) => ({ reason: String(value), count }));
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** A count began again when its sensor was withdrawn and published again. */
function since(now: number, then = 0): number {
  return now < then ? now : now - then;
}

function withdrawn(sensor: string): Fault {
  return new Fault(
    "SENSOR_UNKNOWN",
    `waiting for sensor \`${sensor}\`: it was withdrawn meanwhile; records that were accepted wait in its topic until it is published again`,
  );
}

async function ownPlatform(data: string): Promise<Target> {
  const opened = Date.now();
  // The engine is read only here: most calls go to a platform that runs.
  const { openPlatform } = await import("../platform/platform.ts");
  const { parse } = await import("../query/parse.ts");
  const platform = await openPlatform({ data, defaults: `${ROOT}/config`, sources: false });
  await platform.ready();
  return {
    send: (sensor, input, { gzip, skip }) =>
      platform.ingestStream(sensor, input, {
        ...{ actor: LOCAL, skip },
        contentEncoding: gzip ? "gzip" : undefined,
      }),
    async sendCapture(bytes, { skip = 0, ...capture }) {
      const running = platform.captures.take(PCAP_SENSOR, {
        ...capture,
        ...{ input: { kind: "stream", bytes }, by: LOCAL.name },
        after: { base: skip, packets: skip, records: 0 },
      });
      await running.done;
      return running.state();
    },
    async progress(sensor) {
      const state = (await platform.sensorStates()).find((entry) => entry.name === sensor);
      return { indexed: state?.indexed ?? 0, rejected: state?.rejected ?? 0, lag: state?.lag ?? 0 };
    },
    async reasons(sensor) {
      const query = parse(failedAt(sensor));
      const [facet] = await platform.index.facets({
        query,
        sensors: ["error"],
        fields: ["message"],
        from: opened,
      });
      return (facet?.values ?? []).map(({ value, count }) => ({ reason: String(value), count }));
    },
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  };
}

const failedAt = (sensor: string): string => `failed_sensor_type:"${sensor}"`;

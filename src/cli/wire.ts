import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { Fault } from "../core/fault.ts";
import type { Reach } from "./options.ts";
import { openTarget } from "./target.ts";

/** Where a load of records goes. Failures are faults: what the target answered, or SERVER_UNREACHABLE. */
export type Wire = {
  /** Sends a record; a promise when the target wants the sender to wait. */
  write(sensor: string, record: string): Promise<unknown> | undefined;
  /** Ends the load; answers how many records became durable, if the target says so. */
  end(): Promise<number | undefined>;
  /** Ends a load that failed; answers what became durable all the same, if the target says so. Throws nothing. */
  abandon(): Promise<Durable | undefined>;
};

/** How many records became durable; a least number where `isComplete` is false. */
export type Durable = { readonly records: number; readonly isComplete: boolean };

const NETWORK = /^(syslog|udp):(.+):(\d+)$/;

export const isWire = (target: string): boolean => target === "platform" || NETWORK.test(target);

/** Opens `platform`, `syslog:HOST:PORT` (TCP, one record per line) or `udp:HOST:PORT`. */
export function openWire(target: string, reach: Reach): Promise<Wire> {
  const [, kind, host, port] = NETWORK.exec(target) ?? [];
  if (host === undefined) return platformWire(reach);
  return (kind === "udp" ? udpWire : tcpWire)(target, host, Number(port));
}

/** One stream per sensor into the platform, over HTTP or straight into its topics; each answers what became durable. */
async function platformWire(reach: Reach): Promise<Wire> {
  const target = await openTarget(reach);
  const streams = new Map<string, { stream: PassThrough; answer: Promise<{ accepted: number }> }>();
  // An answer that comes before the end is a refusal.
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => undefined);
  return {
    write(sensor, record) {
      let open = streams.get(sensor);
      if (open === undefined) {
        const stream = new PassThrough({ highWaterMark: 1 << 20 });
        const answer = target.send(sensor, stream, { gzip: false });
        answer.catch(refused.reject);
        open = { stream, answer };
        streams.set(sensor, open);
      }
      if (open.stream.write(`${record}\n`)) return undefined;
      // A stream that breaks does so with its answer, which says why.
      const { stream, answer } = open;
      return Promise.race([once(stream, "drain").catch(() => answer), refused.promise]);
    },
    async end() {
      for (const { stream } of streams.values()) stream.end();
      const answers = await Promise.all([...streams.values()].map(({ answer }) => answer));
      await target[Symbol.asyncDispose]();
      return answers.reduce((sum, answer) => sum + answer.accepted, 0);
    },
    async abandon() {
      for (const { stream } of streams.values()) stream.end();
      const answers = await Promise.allSettled([...streams.values()].map(({ answer }) => answer));
      await target[Symbol.asyncDispose]();
      return answers.map(durableOf).reduce(
        (sum, some) => ({
          records: sum.records + some.records,
          isComplete: sum.isComplete && some.isComplete,
        }),
        { records: 0, isComplete: true },
      );
    },
  };
}

/** What an answer says, or the fault in its place: the fault knows the records, a least number of them, or nothing. */
function durableOf(answer: PromiseSettledResult<{ accepted: number }>): Durable {
  if (answer.status === "fulfilled") return { records: answer.value.accepted, isComplete: true };
  const { records, atLeast } = (answer.reason instanceof Fault ? answer.reason.details : undefined) ?? {};
  if (typeof records === "number") return { records, isComplete: true };
  return { records: typeof atLeast === "number" ? atLeast : 0, isComplete: false };
}

async function tcpWire(target: string, host: string, port: number): Promise<Wire> {
  const socket = connect(port, host);
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  socket.on("error", (error) => broken.reject(unreachable(target, error)));
  await Promise.race([once(socket, "connect"), broken.promise]);
  return {
    write: (_sensor, record) =>
      socket.errored === null && socket.write(`${record}\n`)
        ? undefined
        : Promise.race([once(socket, "drain"), broken.promise]),
    async end() {
      socket.end();
      await Promise.race([once(socket, "close"), broken.promise]);
      return undefined;
    },
    async abandon() {
      socket.destroy();
      return undefined;
    },
  };
}

async function udpWire(target: string, host: string, port: number): Promise<Wire> {
  const socket = createSocket("udp4");
  return {
    write: (_sensor, record) =>
      new Promise<void>((done, fail) =>
        socket.send(record, port, host, (error) => (error ? fail(unreachable(target, error)) : done())),
      ),
    async end() {
      socket.close();
      return undefined;
    },
    async abandon() {
      socket.close();
      return undefined;
    },
  };
}

function unreachable(target: string, cause: Error): Fault {
  return new Fault("SERVER_UNREACHABLE", `sending to ${target}: ${cause.message}`, {
    ...{ cause, advice: "Check the address, and that something listens there." },
  });
}

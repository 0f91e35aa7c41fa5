import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { type ApiAnswer, answerOf, type Call, CallProblem, type Input, requestOf } from "../api/client.ts";
import type { EndpointShape, ResponseOf } from "../api/endpoint.ts";
import type { Problem } from "../api/problem.ts";
import { getStatus } from "../api/status.ts";
import { FAULTS, Fault, type FaultCode } from "../core/fault.ts";
import { messageFromJson } from "../core/message.ts";
import { commandOf, startLine } from "./folder-command.ts";
import { DEFAULT_DATA, DEMO_DATA, type Reach } from "./options.ts";

/** Where a running platform says, in its data folder, how to reach it. */
export const ADDRESS_FILE = "server.json";

/** Calls a platform. Throws the faults of its answers, and SERVER_UNREACHABLE. */
export type Client = {
  readonly url: string;
  readonly call: Call<Readable>;
};

/** The data folder that is meant: the one named, else that of the demo if only there a platform runs, else the default one. */
export function dataFolder({ data }: Reach): string {
  if (data !== undefined) return data;
  const isDemo = addressOf(DEFAULT_DATA) === undefined && addressOf(DEMO_DATA) !== undefined;
  return isDemo ? DEMO_DATA : DEFAULT_DATA;
}

/** The address of the platform that runs on a data folder, if one says so and its process lives. */
export function addressOf(data: string): string | undefined {
  try {
    const { url, pid } = JSON.parse(readFileSync(join(data, ADDRESS_FILE), "utf8")) as Address;
    return isAlive(pid) ? url : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

type Address = { readonly url: string; readonly pid: number };

/** Whether a process lives: one that was killed leaves behind what it had noted of itself. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** A client of the platform at `server`, or of the one that runs on the data folder. Throws Fault SERVER_UNREACHABLE. */
export async function connect(options: Reach): Promise<Client> {
  const url = options.server ?? addressOf(dataFolder(options));
  if (url === undefined) throw noneRuns(options);
  if (!URL.canParse(url))
    throw new Fault(
      "REQUEST_INVALID",
      `\`${url}\` is not an address: expected one such as http://127.0.0.1:8765`,
    );
  await call(url, getStatus);
  return { url, call: (endpoint, input) => call(url, endpoint, input) };
}

/** Says that no platform runs on the data folder, and how to start what belongs there: a worker's folder is no place for a platform. */
function noneRuns(reach: Reach): Fault {
  const { data } = reach;
  const folder = dataFolder(reach);
  const command = commandOf(folder);
  const start = startLine(command, data);
  if (command === "worker" || command === "capture-host") {
    const name = command === "worker" ? "worker" : "capture host";
    return new Fault(
      "SERVER_UNREACHABLE",
      `looking for a platform on ${folder}: it is the folder of a ${name}, which listens on nothing`,
      {
        advice: `Ask a server of the same installation, with \`--server URL\`, or with \`--data FOLDER\` on its machine. If the ${name} does not run, start it with \`${start}\`.`,
      },
    );
  }
  const where =
    data === undefined
      ? `${DEFAULT_DATA} and ${DEMO_DATA}: no platform runs there; name the folder of another one with --data FOLDER`
      : `${data}: no platform runs there`;
  return new Fault("SERVER_UNREACHABLE", `looking for a platform on ${where}`, {
    advice: `Start the platform with \`${start}\`.`,
  });
}

async function call<Shape extends EndpointShape>(
  url: string,
  endpoint: Shape,
  input?: Input<Shape, Readable>,
): Promise<ResponseOf<Shape>> {
  const { method, address, headers, body } = requestOf(endpoint, input);
  const answer =
    body instanceof Readable
      ? await sendStream(url + address, method, { ...headers }, body)
      : await send(url + address, { method, headers, ...(body !== undefined && { body }) });
  try {
    return answerOf(endpoint, answer, messageFromJson);
  } catch (error) {
    throw error instanceof CallProblem ? faultOf(error.problem) : error;
  }
}

async function send(url: string, request: RequestInit): Promise<ApiAnswer> {
  try {
    const response = await fetch(url, request);
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

/** Sends a stream for as long as it takes: `fetch` would give up on a sender that pauses for minutes. */
async function sendStream(
  url: string,
  method: string,
  headers: Record<string, string>,
  stream: Readable,
): Promise<ApiAnswer> {
  // Most commands send no stream, and the library takes a tenth of a second to load.
  const { request } = await import("undici");
  const limits = { headersTimeout: 0, bodyTimeout: 0 };
  try {
    const response = await request(url, {
      method: method as Dispatcher.HttpMethod,
      headers,
      body: Readable.from(partsOf(stream), { objectMode: false }),
      ...limits,
    });
    // A server that refuses answers before it has read all; its answer counts.
    return { status: response.statusCode, text: await response.body.text() };
  } catch (cause) {
    throw cause instanceof Fault ? cause : unreachable(url, cause);
  } finally {
    stream.destroy();
  }
}

async function* partsOf(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (cause) {
    throw new Fault("INPUT_UNREADABLE", `reading the input: ${(cause as Error).message}`, { cause });
  }
}

function unreachable(url: string, cause: unknown): Fault {
  const what = isBrokenOff(cause) ? "the connection broke off" : "no answer";
  return new Fault("SERVER_UNREACHABLE", `calling ${new URL(url).origin}: ${what}`, { cause });
}

const BROKEN_OFF: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

function isBrokenOff(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && BROKEN_OFF.has(cause.code);
}

/** A problem of the server as the fault it was there, with its place in the text. */
export function faultOf({
  code,
  status,
  detail,
  line,
  column,
  length,
  suggestion,
  accepted,
  advice,
}: Problem): Fault {
  const hint =
    suggestion === undefined || detail.includes(suggestion) ? "" : `; did you mean \`${suggestion}\`?`;
  return new Fault((code in FAULTS ? code : "REQUEST_INVALID") as FaultCode, `${detail}${hint}`, {
    advice,
    // A server that refuses a stream and tells no number has taken nothing of it; one that failed may not know.
    details: { line, column, length, records: accepted ?? (status < 500 ? 0 : undefined) },
  });
}

/** Runs as a thread of its own: models of ONNX, for a pipeline's thread that waits for each answer and gives up when it is late. */
import { hash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { workerData } from "node:worker_threads";
import type { FromRuntime, RuntimeStart, ToRuntime } from "./protocol.ts";

/** The part of the runtimes' common interface that is used here. */
type Runtime = {
  readonly env: { readonly wasm?: { numThreads?: number }; logLevel?: string };
  readonly Tensor: new (type: "float32", values: Float32Array, shape: readonly number[]) => unknown;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
};
type Session = {
  run(inputs: Record<string, unknown>, outputs: readonly string[]): Promise<Record<string, Output>>;
  release(): Promise<void>;
};
type Output = { readonly data: ArrayLike<number>; readonly dims: readonly number[]; dispose?(): void };

const { port, answers } = workerData as RuntimeStart;
const sessions = new Map<number, Session>();
let runtime: Promise<Runtime> | undefined;
/** One after the other: a session that is asked twice at once would mix its answers up. */
let turn: Promise<void> = Promise.resolve();

port.on("message", (request: ToRuntime) => {
  turn = turn.then(async () => {
    if (request.type === "close") return close(request.id);
    let answer: FromRuntime = {};
    try {
      if (request.type === "open") sessions.set(request.id, await open(request));
      else await score(request);
    } catch (error) {
      answer = { failure: oneLine(error) };
    }
    port.postMessage(answer);
    Atomics.add(answers, 0, 1);
    Atomics.notify(answers, 0);
  });
});

async function close(id: number): Promise<void> {
  const session = sessions.get(id);
  sessions.delete(id);
  // What cannot be released is forgotten all the same.
  await session?.release().catch(() => undefined);
}

async function open({ path, hash: wanted }: Extract<ToRuntime, { type: "open" }>): Promise<Session> {
  // A pipe that took the file's place would be waited for without end.
  if (!(await stat(path)).isFile()) throw new Error(`${path} is no file`);
  const bytes = await readFile(path);
  if (hash("sha256", bytes, "hex") !== wanted)
    throw new Error(`${path} is another file than when the document was published; publish it again`);
  runtime ??= load();
  const { InferenceSession } = await runtime;
  const threads = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  return InferenceSession.create(bytes, { ...threads, logSeverityLevel: 3 });
}

async function score(request: Extract<ToRuntime, { type: "score" }>): Promise<void> {
  const { id, plan, count, width, features, scores } = request;
  const session = sessions.get(id);
  if (session === undefined || runtime === undefined) throw new Error("the model is not loaded");
  const { Tensor } = await runtime;
  // The runtime takes no shared memory.
  const values = features.slice(0, count * width);
  const { [plan.output]: output } = await session.run(
    { [plan.input]: new Tensor("float32", values, [count, width]) },
    [plan.output],
  );
  if (output === undefined) throw new Error(`it gave no output \`${plan.output}\``);
  const { data, dims } = output;
  const columns = dims.length === 2 ? (dims[1] as number) : 1;
  const column = plan.column ?? columns - 1;
  if (dims[0] !== count || dims.length > 2 || column < 0 || column >= columns)
    throw new Error(`its output \`${plan.output}\` has the shape [${dims.join(", ")}] for ${count} messages`);
  for (let message = 0; message < count; message++)
    scores[message] = data[message * columns + column] as number;
  output.dispose?.();
}

/** The native runtime where somebody has installed it: it is faster, but its package downloads when it is installed. */
async function load(): Promise<Runtime> {
  const native = "onnxruntime-node";
  try {
    return interfaceOf(await import(native));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
  }
  let loaded: Runtime;
  try {
    loaded = interfaceOf(await import("onnxruntime-web"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error("ONNX needs the package onnxruntime-web, which was left out when Metron was installed");
  }
  if (loaded.env.wasm !== undefined) loaded.env.wasm.numThreads = 1;
  return loaded;
}

/** A module's exports, wherever the package has put them. The packages state more than is used here. */
function interfaceOf(module: unknown): Runtime {
  const { default: exported } = module as { default?: unknown };
  return ((module as Partial<Runtime>).InferenceSession === undefined ? exported : module) as Runtime;
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 500);
}

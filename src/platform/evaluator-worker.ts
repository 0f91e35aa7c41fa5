/** Runs as a thread of its own: evaluates and checks the expressions that somebody asks for. */
import { getHeapStatistics } from "node:v8";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { readGlobal } from "../config/global.ts";
import { type Context, silentLog, systemClock } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { messageToJson } from "../core/message.ts";
import { check } from "../stellar/language/check.ts";
import { StellarError } from "../stellar/language/error.ts";
import { type Diagnostic, diagnosticOf, placeOf } from "../stellar/language/report.ts";
import { compile } from "../stellar/run/compile.ts";
import { layered } from "../stellar/run/environment.ts";
import { toMessage, typeName } from "../stellar/values/value.ts";
import type { EvaluatorStart, FromEvaluator, Question, ToEvaluator } from "./evaluator.ts";
import { openFunctions } from "./functions.ts";
import { openServices } from "./services.ts";

/** One text may stand at many places: as JSON, which is written in one go, it would be larger than the thread may become. */
const MOST_CHARACTERS = 4_194_304;

const port = parentPort as MessagePort;
const start = workerData as EvaluatorStart;
const tell = (message: FromEvaluator): void => port.postMessage(message);
const context: Context = {
  log: silentLog,
  clock: systemClock,
  timeZone: start.timeZone,
  signal: new AbortController().signal,
  global: {},
};
const services = await openServices(start, context);

port.on("message", async (message: ToEvaluator) => {
  if (message.type === "share") return services.attach(message.shares);
  try {
    if (message.functions !== undefined)
      services.takeFunctions(await openFunctions(message.functions).catch(withoutThem));
    const json = messageToJson(answerTo(message.question, message.global));
    tell({ type: "answer", json, megabytes: getHeapStatistics().used_heap_size / 2 ** 20 });
  } catch (error) {
    if (error instanceof Fault) tell({ type: "refused", code: error.code, message: error.message });
    else
      tell({
        type: "crashed",
        stack: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  }
});
tell({ type: "ready" });

/** They were checked when they were published; a module may still fail in another thread. */
function withoutThem(): Promise<Awaited<ReturnType<typeof openFunctions>>> {
  return openFunctions([]);
}

function answerTo({ expression, message, predicate = false }: Question, global: string): object {
  const document = readGlobal(global, "global");
  // An expression that is only checked may be meant for a rule, which may wait for other services.
  const environment = message === undefined ? services.environment(document) : services.evaluation(document);
  const diagnostics = check(expression, environment, predicate ? { gives: "boolean" } : {}).map((found) =>
    placed(expression, found),
  );
  if (message === undefined) return { diagnostics };
  try {
    const value = compile(expression, environment).evaluate(layered(message));
    const answer = toMessage(value);
    if (charactersOf(answer) > MOST_CHARACTERS)
      throw new StellarError(`the value has more than ${MOST_CHARACTERS} characters, too many for an answer`);
    return { value: answer, type: typeName(value), diagnostics };
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    return { diagnostics: [placed(expression, diagnosticOf(expression, error))] };
  }
}

/** How much text a value holds. It was walked when it was converted, so it has no more parts than a budget allows. */
function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  const parts = Array.isArray(value) ? value : Object.entries(value).flat();
  return parts.reduce((sum: number, part) => sum + charactersOf(part), 0);
}

function placed(text: string, { severity, message, span, suggestion }: Diagnostic): object {
  const length = Math.max(0, span.end - span.start);
  return {
    severity,
    message,
    ...placeOf(text, span.start),
    length,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** Runs as a thread of its own: evaluates and checks the expressions that somebody asks for. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { readGlobal } from "../config/global.ts";
import { type Context, silentLog, systemClock } from "../core/context.ts";
import { Fault } from "../core/fault.ts";
import { messageToJson } from "../core/message.ts";
import { check } from "../stellar/check.ts";
import { compile } from "../stellar/compile.ts";
import { layered } from "../stellar/environment.ts";
import { StellarError } from "../stellar/error.ts";
import { type Diagnostic, diagnosticOf, placeOf } from "../stellar/report.ts";
import { toMessage, typeName } from "../stellar/value.ts";
import type { EvaluatorStart, FromEvaluator, Question, ToEvaluator } from "./evaluator.ts";
import { openFunctions } from "./functions.ts";
import { openServices } from "./services.ts";

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
const services = openServices(start, context);

port.on("message", async (message: ToEvaluator) => {
  if (message.type === "share") return services.attach(message.shares);
  try {
    if (message.functions !== undefined)
      services.takeFunctions(await openFunctions(message.functions).catch(withoutThem));
    tell({ type: "answer", json: messageToJson(answerTo(message.question, message.global)) });
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
    return { value: toMessage(value), type: typeName(value), diagnostics };
  } catch (error) {
    if (!(error instanceof StellarError)) throw error;
    return { diagnostics: [placed(expression, diagnosticOf(expression, error))] };
  }
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

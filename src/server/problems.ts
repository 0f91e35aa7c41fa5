import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Diagnostic, Problem } from "../api/problem.ts";
import type { Mistake } from "../config/yaml.ts";
import type { Log } from "../core/context.ts";
import { Fault, type FaultCode } from "../core/fault.ts";

/** Answers every failure with a problem of RFC 9457; anything that is no `Fault` is a bug and is logged with its stack. */
export function answerProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: FastifyError, request, reply) => answerProblem(error, request, reply, log));
}

/** Answers one failure; also what the router refuses before any handler is known. */
export function answerProblem(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  const fault = error instanceof Fault ? error : fromFramework(error);
  if (fault === undefined)
    log.error("A request crashed.", { path: request.url.split("?")[0], error: error.stack });
  const problem = problemOf(fault);
  const after = fault?.details?.retryAfter;
  if (typeof after === "number") reply.header("retry-after", after);
  return reply.code(problem.status).type("application/problem+json").send(problem);
}

/** What to do about a request that is not of the form that its call has. */
export const COMPARE = "Compare the request with the API reference.";

/** Fastify's own refusals (body too large, wrong media type, broken JSON) are the client's mistakes. */
function fromFramework(error: FastifyError): Fault | undefined {
  const status = error.statusCode ?? 500;
  if (status === 413) return new Fault("TOO_LARGE", error.message);
  if (status === 415) return new Fault("MEDIA_UNSUPPORTED", `reading the request: ${error.message}`);
  return status >= 400 && status < 500
    ? new Fault("REQUEST_INVALID", `reading the request: ${error.message}`, { advice: COMPARE })
    : undefined;
}

export function problemOf(fault: Fault | undefined): Problem {
  if (fault === undefined) {
    return {
      type: "docs/reference/errors.md#bug",
      title: "An internal error",
      status: 500,
      detail: "This is a bug in Metron. The server's log has the details.",
      code: "BUG",
      advice: "Report it with the log.",
    };
  }
  const details = fault.details ?? {};
  return {
    type: `docs/reference/errors.md#${fault.code.toLowerCase()}`,
    title: TITLES[fault.code] ?? fault.code,
    status: fault.status,
    detail: fault.message,
    code: fault.code,
    advice: fault.advice,
    ...placeOf(details),
    ...(typeof details.records === "number" ? { accepted: details.records } : {}),
    ...(details.mistakes === undefined ? {} : { diagnostics: diagnosticsOf(details.mistakes as Mistake[]) }),
  };
}

export function diagnosticsOf(mistakes: readonly Mistake[]): Diagnostic[] {
  return mistakes.map(({ line, column, path, message, marked }) => ({
    severity: "error",
    line: Math.max(1, line),
    column: Math.max(1, column),
    ...(path === "" ? {} : { path }),
    ...(marked ?? { message, length: 0 }),
  }));
}

function placeOf(details: Readonly<Record<string, unknown>>): Partial<Problem> {
  const place: Partial<Problem> = {};
  for (const key of ["line", "column", "length"] as const)
    if (typeof details[key] === "number") place[key] = details[key];
  const suggestion = details.suggestion ?? (details.suggestions as unknown[] | undefined)?.[0];
  if (typeof suggestion === "string") place.suggestion = suggestion;
  return place;
}

const TITLES: Partial<Record<FaultCode, string>> = {
  CONFIG_INVALID: "The document has mistakes",
  CONFIG_CONFLICT: "The document was changed meanwhile",
  CONFIG_NOT_FOUND: "There is no such document",
  NOT_FOUND: "There is no such thing",
  PERMISSION_NEEDED: "The call needs another permission for packets",
  QUERY_INVALID: "The query has a mistake",
  REQUEST_INVALID: "The request has a mistake",
  ROLE_NEEDED: "The call needs another role",
  SEARCH_BUSY: "Too many searches wait",
  SEARCH_LIMIT: "The search needs more than it may have",
  SENSOR_UNKNOWN: "There is no such sensor",
};

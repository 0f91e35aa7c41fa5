/** What went wrong between us and the brokers, as a fault that says what to do. */
import { Fault, type FaultCode } from "../../core/fault.ts";

/** An error of the library, of Node's sockets or of TLS: what of it is looked at. */
type Cause = Error & {
  readonly code?: unknown;
  readonly apiId?: unknown;
  readonly serverErrorMessage?: unknown;
  readonly errors?: readonly unknown[];
};

/** Codes of Node for a certificate or a protocol that is refused. */
const TLS = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|EPROTO)/;
const CONNECTION = /^(E[A-Z]+|PLT_KFK_NETWORK|PLT_KFK_TIMEOUT)$/;
/** Answers that pass by themselves: a leader or a coordinator changes, copies are missing, a broker starts. */
const NOT_READY = [
  "NOT_LEADER_OR_FOLLOWER",
  "LEADER_NOT_AVAILABLE",
  "REPLICA_NOT_AVAILABLE",
  "BROKER_NOT_AVAILABLE",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "OFFSET_NOT_AVAILABLE",
  "KAFKA_STORAGE_ERROR",
  "REQUEST_TIMED_OUT",
  "NOT_ENOUGH_REPLICAS",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  "NOT_CONTROLLER",
  "COORDINATOR_NOT_AVAILABLE",
  "COORDINATOR_LOAD_IN_PROGRESS",
  "NOT_COORDINATOR",
];
const GONE = ["UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID", "INCONSISTENT_TOPIC_ID"];
const LARGE = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"];

/** Kinds of causes, the first that is met says what is wrong: a wrong password ends a connection too. */
const KINDS: readonly {
  readonly code: FaultCode;
  readonly is: (cause: Cause) => boolean;
  readonly say: (cause: Cause) => string;
}[] = [
  {
    code: "KAFKA_REFUSED",
    is: ({ apiId, code }) => apiId === "SASL_AUTHENTICATION_FAILED" || code === "PLT_KFK_AUTHENTICATION",
    say: (cause) => `the broker does not accept who we say we are: ${textOf(cause)}`,
  },
  {
    code: "KAFKA_REFUSED",
    is: ({ apiId }) =>
      apiId === "UNSUPPORTED_SASL_MECHANISM" || String(apiId).endsWith("_AUTHORIZATION_FAILED"),
    say: (cause) => `the broker refuses it: ${textOf(cause)}`,
  },
  {
    code: "KAFKA_REFUSED",
    is: ({ code, message }) => TLS.test(String(code)) || /TLS|certificate/.test(message),
    say: (cause) => `no encrypted connection: ${textOf(cause)}`,
  },
  {
    code: "TOPIC_LOST",
    is: ({ apiId }) => GONE.includes(String(apiId)),
    say: () => "there is no such topic any more; somebody deleted it, or made another of its name",
  },
  {
    code: "TOO_LARGE",
    is: ({ apiId }) => LARGE.includes(String(apiId)),
    say: (cause) => `the broker takes no batch of that size: ${textOf(cause)}`,
  },
  {
    code: "KAFKA_UNREACHABLE",
    is: ({ apiId }) => NOT_READY.includes(String(apiId)),
    say: (cause) => `the brokers are not ready: ${textOf(cause)}`,
  },
  {
    code: "KAFKA_UNREACHABLE",
    is: ({ code, apiId }) => apiId === undefined && CONNECTION.test(String(code)),
    say: (cause) => `no broker answers: ${textOf(cause)}`,
  },
];

/** The fault of an error that was met while doing something. The library wraps causes up to five times; the innermost one is told. */
export function faultOf(doing: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const causes = causesOf(error);
  for (const { code, is, say } of KINDS) {
    // The innermost of a kind says most.
    const cause = causes.findLast(is);
    if (cause !== undefined) return new Fault(code, `${doing}: ${say(cause)}`, { cause: error });
  }
  const innermost = causes.at(-1);
  const said = innermost === undefined ? String(error) : textOf(innermost);
  return new Fault("KAFKA_REFUSED", `${doing}: ${said}`, { cause: error });
}

/** The names that Kafka's protocol gives to what brokers answered with. */
export function answersOf(error: unknown): readonly string[] {
  return causesOf(error).flatMap(({ apiId }) => (typeof apiId === "string" ? [apiId] : []));
}

/** An error and all that it was caused by, outermost first. */
function causesOf(error: unknown, found: Cause[] = []): readonly Cause[] {
  if (!(error instanceof Error) || found.includes(error)) return found;
  const cause: Cause = error;
  found.push(cause);
  for (const inner of cause.errors ?? []) causesOf(inner, found);
  causesOf(cause.cause, found);
  return found;
}

function textOf({ apiId, code, message, serverErrorMessage }: Cause): string {
  const said = typeof serverErrorMessage === "string" ? serverErrorMessage : message;
  const name = typeof apiId === "string" ? apiId : TLS.test(String(code)) ? String(code) : undefined;
  return name === undefined || said.includes(name) ? said : `${said} (${name})`;
}

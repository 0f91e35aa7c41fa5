/** The running platform as the shell's expressions reach it: through its REST interface, waiting for each answer. */
import { answerOf, CallProblem, type Input, requestOf } from "../../api/client.ts";
import { getDocument, listDocuments, publishDocument } from "../../api/config.ts";
import type { EndpointShape, ResponseOf } from "../../api/endpoint.ts";
import { evaluateStellar } from "../../api/stellar.ts";
import { StellarError } from "../../stellar/language/error.ts";
import type { Services } from "../../stellar/run/services.ts";
import type { Documents } from "./configuration.ts";
import { sendAndWait } from "./http.ts";

type Json = Readonly<Record<string, unknown>>;

const TIMEOUT = 30_000;
const NOTE = "Published by CONFIG_PUT.";

export type RemotePlatform = {
  readonly documents: Documents;
  /** The published documents of functions. */
  readonly functions: () => { readonly name: string; readonly text: string }[];
  readonly services: Pick<Services, "geo" | "asn" | "tables">;
};

/** @param url where the platform's server is, such as http://127.0.0.1:8765 */
export function remotePlatform(url: string): RemotePlatform {
  const evaluate = (expression: string, message: Json): Json | undefined => {
    const { value, diagnostics = [] } =
      callAndWait(url, evaluateStellar, { body: { expression, message: { ...message } } }) ?? {};
    if (value === undefined) throw new StellarError(diagnostics[0]?.message ?? `${expression} has no value`);
    return value === null || Object.keys(value as Json).length === 0 ? undefined : (value as Json);
  };
  const read: Documents["read"] = (kind, name) =>
    callAndWait(url, getDocument, { params: { kind, name }, query: {} })?.text;
  const row = "type, indicator, table, columnFamily";
  return {
    documents: {
      read,
      write: (kind, name, text) => {
        callAndWait(url, publishDocument, { params: { kind, name }, body: { text, note: NOTE } });
      },
    },
    functions: () => {
      const { documents = [] } = callAndWait(url, listDocuments, { query: { kind: "functions" } }) ?? {};
      return documents.map(({ name }) => ({
        name: `functions/${name}`,
        text: read("functions", name) ?? "",
      }));
    },
    services: {
      geo: (ip) => evaluate("GEO_GET(ip)", { ip }),
      asn: (ip) => evaluate("ASN_GET(ip)", { ip }),
      tables: (key) => {
        const found = evaluate(`{'row': ENRICHMENT_EXISTS(${row}) ? ENRICHMENT_GET(${row}) : null}`, key);
        return (found?.row ?? undefined) as Json | undefined;
      },
    },
  };
}

/** One call; undefined when there is no such thing. Throws a StellarError with what the server says. */
function callAndWait<Shape extends EndpointShape>(
  url: string,
  endpoint: Shape,
  input?: Input<Shape, never>,
): ResponseOf<Shape> | undefined {
  const { method, address, headers, body } = requestOf(endpoint, input);
  const answer = sendAndWait({
    ...{ method, headers, body },
    url: url + address,
    proxy: undefined,
    timeout: TIMEOUT,
    connectTimeout: undefined,
    socketTimeout: undefined,
  });
  if ("failure" in answer)
    throw new StellarError(`the platform at ${url} does not answer: ${answer.failure}`);
  if (answer.status === 404) return undefined;
  try {
    return answerOf(endpoint, { status: answer.status, text: answer.body }, JSON.parse);
  } catch (error) {
    if (!(error instanceof CallProblem)) throw error;
    throw new StellarError(`the platform refuses: ${error.problem.detail}`);
  }
}

import { z } from "zod";
import { API_BASE, type EndpointShape, isStreamBody, servedAt } from "../../src/api/endpoint.ts";
import { problem } from "../../src/api/problem.ts";
import { VERSION } from "../../src/platform/version.ts";
import { GENERATED, optionsTable, table } from "./markdown.ts";

/** The page of all REST calls. */
export function restPage(endpoints: readonly EndpointShape[]): string {
  const sorted = [...endpoints].sort(
    (one, other) => one.path.localeCompare(other.path) || one.method.localeCompare(other.method),
  );
  const parts = [
    GENERATED,
    "# REST",
    `All calls lie below \`${API_BASE}\`, but those of \`/health\`, which lie at the root. Answers are JSON; a failure is a problem of RFC 9457 with a code of [errors.md](errors.md). openapi.json beside this page is the same as OpenAPI 3.1.`,
    table(
      ["call", "role", "what it does"],
      sorted.map((call) => [`\`${call.method} ${call.path}\``, call.role, call.summary]),
    ),
  ];
  for (const call of sorted) {
    parts.push(`## ${call.method} ${call.path}`, call.summary);
    if (call.params !== undefined) parts.push("Path:", optionsTable(call.params));
    if (call.query !== undefined) parts.push("Query string:", optionsTable(call.query));
    if (isStreamBody(call.body))
      parts.push(
        `Body: a stream of ${call.body.types.map((type) => `\`${type}\``).join(", ")}. ${call.body.about}`,
      );
    else if (call.body !== undefined) parts.push("Body:", optionsTable(call.body));
    parts.push(call.events ? "Answer (Server-Sent Events):" : "Answer:", optionsTable(call.response));
  }
  return `${parts.join("\n\n")}\n`;
}

/** The calls as an OpenAPI 3.1 document. */
export function openApi(endpoints: readonly EndpointShape[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const call of endpoints) {
    const path = servedAt(call).replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [call.method.toLowerCase()]: operation(call) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Metron", version: VERSION, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    paths,
  };
}

function operation(call: EndpointShape): unknown {
  const parameters = [...parametersOf(call.params, "path"), ...parametersOf(call.query, "query")];
  const type = call.events ? "text/event-stream" : "application/json";
  return {
    summary: call.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(call.body === undefined ? {} : { requestBody: { required: true, content: contentOf(call.body) } }),
    responses: {
      "200": { description: "Done.", content: { [type]: { schema: schemaOf(call.response) } } },
      default: {
        description: "A problem.",
        content: { "application/problem+json": { schema: schemaOf(problem) } },
      },
    },
  };
}

function contentOf(body: NonNullable<EndpointShape["body"]>): unknown {
  if (isStreamBody(body))
    return Object.fromEntries(
      body.types.map((type) => [type, { schema: { type: "string", format: "binary" } }]),
    );
  return { "application/json": { schema: schemaOf(body) } };
}

function parametersOf(schema: z.ZodObject | undefined, place: "path" | "query"): unknown[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema) as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

const schemaOf = (schema: z.ZodType): unknown =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });

import { camel, type Kind, listed, pascal, upper, withImport } from "./kind.ts";

/** What is seen from outside: functions of the language, calls of the API, pages. */

export const stellarFunction: Kind = {
  about: "a Stellar function, in a namespace of its own",
  changes: (name) => ({
    "src/stellar/functions/index.ts": listed(camel(name), `./${name}.ts`),
    "src/stellar/functions/names.test.ts": (text) =>
      text.replace(/const OURS = \[([^\]]*)\]/, (_match, names: string) => {
        const sorted = [...names.split(/,\s*/).filter(Boolean), `"${upper(name)}"`].sort();
        return `const OURS = [${sorted.join(", ")}]`;
      }),
  }),
  files: (name) => ({
    [`src/stellar/functions/${name}.ts`]: `import { defineFunction, type Namespace } from "../language/function.ts";

export const ${camel(name)}: Namespace = {
  name: "${name}",
  summary: "Functions for ...",
  functions: [
    defineFunction({
      name: "${upper(name)}",
      summary: "Makes ...",
      params: [{ name: "text", type: "string", about: "The text; null gives null." }],
      returns: "string",
      // Each is a test, a line of the reference, and what the editor shows.
      examples: [["${upper(name)}('before')", "after"]],
      call: (text) => text,
    }),
  ],
};
`,
  }),
};

export const endpoint: Kind = {
  about: "a call of the REST API, described, served and tested",
  changes: (name) => ({
    "src/api/index.ts": listed(camel(name), `./${name}.ts`),
    "src/server/server.ts": (text) => {
      const routes = `${camel(name)}Routes`;
      const called = text.replace(/(?:^ {2}\w+Routes\(app, .*\);\n)+/m, (calls) => {
        const [, things = "platform"] = /Routes\(app, (.*)\);/.exec(calls) ?? [];
        return `${calls}  ${routes}(app, ${things});\n`;
      });
      return withImport(called, routes, `./routes/${name}.ts`);
    },
    "src/server/server.test.ts": (text) =>
      text.replace(
        /^const CALLS: .* = \{\n/m,
        (line) => `${line}  ${camel(name)}: [() => ["/${name}?limit=1"]],\n`,
      ),
    // What it tells of sensors that an actor does not see is to be filled in.
    "src/server/scope.test.ts": (text) =>
      text.replace(/^const CALLS: .* = \{\n/m, (line) => `${line}  ${camel(name)}: STATE,\n`),
  }),
  files: (name) => ({
    [`src/api/${name}.ts`]: `import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";

export const ${camel(name)} = defineEndpoint({
  method: "GET",
  path: "/${name}",
  summary: "Lists ...",
  role: "analyst",
  query: z.object({
    limit: z.coerce.number().int().min(1).max(1000).default(100).describe("How many at most."),
  }),
  response: z.object({
    names: z.array(z.string()).describe("Their names."),
  }),
});
`,
    [`src/server/routes/${name}.ts`]: `import type { FastifyInstance } from "fastify";
import { ${camel(name)} } from "../../api/${name}.ts";
import type { Platform } from "../../platform/platform.ts";
import { implement } from "../implement.ts";

export function ${camel(name)}Routes(app: FastifyInstance, platform: Platform): void {
  implement(app, ${camel(name)}, async ({ query }) => ({
    names: (await platform.sensorStates()).map((sensor) => sensor.name).slice(0, query.limit),
  }));
}
`,
  }),
};

export const page: Kind = {
  about: "a page of the interface, with its place in the navigation",
  changes: (name) => ({
    "src/ui/pages/index.ts": (text) =>
      text.replace(
        /^\];\n/m,
        `  definePage({
    path: "/${name}",
    title: "${pascal(name)}",
    role: "analyst",
    View: lazy(async () => ({ default: (await import("./${name}/${name}-page.tsx")).${pascal(name)}Page })),
  }),
];
`,
      ),
  }),
  files: (name) => ({
    [`src/ui/pages/${name}/${name}-page.tsx`]: `import { useQuery } from "@tanstack/react-query";
import { listSensors } from "../../../api/sensors.ts";
import { call } from "../../call.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";

/** What an analyst does here. */
export function ${pascal(name)}Page() {
  const { data, error, refetch, isPending } = useQuery({
    queryKey: ["${name}"],
    queryFn: ({ signal }) => call(listSensors, { signal }),
  });
  return (
    <div className="page">
      <title>${pascal(name)} – Metron</title>
      <h1>${pascal(name)}</h1>
      {isPending && <p className="dim">Loading…</p>}
      {error !== null && <ProblemNotice error={error} onRetry={() => refetch()} />}
      {data !== undefined && (
        <ul>
          {data.sensors.map((sensor) => (
            <li key={sensor.name}>{sensor.name}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
`,
    [`e2e/${name}.spec.ts`]: `import { expect, test } from "./test.ts";

test("an analyst finds ...", async ({ investigate, page }) => {
  await investigate.open();
  await page.getByRole("link", { name: "${pascal(name)}" }).click();
  await expect(page.getByRole("heading", { name: "${pascal(name)}" })).toBeVisible();
  await expect(page.getByRole("listitem", { name: "..." })).toBeVisible();
});
`,
  }),
};

/** The commands of the shell that begin with a percent sign. */
import type { Registry } from "../language/function.ts";
import type { StellarMap, Value } from "../values/value.ts";
import type { Answer } from "./answer.ts";
import { describeVariable, functionsLike, listFunctions } from "./listing.ts";
import { assignmentIn, isName } from "./statement.ts";

/** What these commands see of the session. */
type Shell = {
  readonly registry: Registry;
  readonly globals: StellarMap;
  readonly variables: ReadonlyMap<string, { readonly value: Value; readonly expression: string | undefined }>;
  readonly run: (input: string) => Answer;
};

export type Magic = {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly run: (session: Shell, rest: string) => Answer;
};

export const MAGICS: readonly Magic[] = [
  {
    name: "define",
    usage: "%define name := expression",
    summary: "Sets a global for this session.",
    run: (session, rest) => {
      const assignment = assignmentIn(rest);
      if (assignment === undefined)
        return error("expected assignment expression: %define name := expression");
      if (assignment.expression === "") return error("missing assignment expression");
      if (!isName(assignment.name)) return error(`\`${assignment.name}\` cannot be the name of a global`);
      const answer = session.run(assignment.expression);
      if (answer.kind !== "value")
        return answer.kind === "error" ? answer : error("expression execution failed");
      if (answer.value === null) return error("expression produced no result");
      session.globals.set(assignment.name, answer.value);
      return { kind: "value", value: answer.value, name: assignment.name };
    },
  },
  {
    name: "functions",
    usage: "%functions [text]",
    summary: "Lists the functions whose names contain a text.",
    run: (session, rest) => text(listFunctions(functionsLike(session.registry, rest.trim()))),
  },
  {
    name: "globals",
    usage: "%globals",
    summary: "Shows the global configuration as this session sees it.",
    run: (session) => ({ kind: "value", value: session.globals }),
  },
  {
    name: "magics",
    usage: "%magics",
    summary: "Lists these commands.",
    run: () => {
      const width = Math.max(...MAGICS.map(({ usage }) => usage.length));
      const rest = [
        ["?NAME", "Shows the help of a function."],
        ["name := expression", "Assigns a variable."],
        ["quit", "Ends the session."],
      ] as const;
      const lines = [...MAGICS.map(({ usage, summary }) => [usage, summary] as const), ...rest];
      return text(lines.map(([usage, summary]) => `${usage.padEnd(width)}  ${summary}`).join("\n"));
    },
  },
  {
    name: "time",
    usage: "%time expression",
    summary: "Evaluates an expression and says how long it took.",
    run: (session, rest) => {
      const started = performance.now();
      const answer = session.run(rest);
      return answer.kind === "value" ? { ...answer, milliseconds: performance.now() - started } : answer;
    },
  },
  {
    name: "undefine",
    usage: "%undefine name",
    summary: "Removes a global of this session.",
    run: (session, rest) => {
      const name = rest.trim();
      if (name === "") return error("expected the name of a global: %undefine name");
      return session.globals.delete(name) ? { kind: "nothing" } : error(`there is no global ${name}`);
    },
  },
  {
    name: "vars",
    usage: "%vars",
    summary: "Lists the variables and where they came from.",
    run: (session) => {
      const lines = Array.from(session.variables, ([name, { value, expression }]) =>
        describeVariable(name, value, expression),
      );
      return lines.length === 0 ? text("no variables yet") : text(lines.join("\n"));
    },
  },
];

function text(content: string): Answer {
  return { kind: "text", text: content };
}

function error(message: string): Answer {
  return { kind: "error", message };
}

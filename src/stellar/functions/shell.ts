import { StellarError } from "../language/error.ts";
import { defineFunction, defineServiceFunction, type Namespace, raises } from "../language/function.ts";
import { StellarMap, toText, type Value } from "../values/value.ts";
import { drawTable } from "./text-table.ts";

/** A variable of the shell; `expression` is the text it was assigned from, when it was. */
type ShellVariable = { readonly value: Value; readonly expression: string | undefined };

/** The shell that an expression runs in. */
type ShellAccess = {
  readonly variables: () => ReadonlyMap<string, ShellVariable>;
  /** Opens the user's editor on a text and returns what was saved, or undefined when that failed. */
  readonly edit: (text: string) => string | undefined;
};

declare module "../run/services.ts" {
  interface Services {
    readonly shell?: ShellAccess;
  }
}

const shellMap2Table = defineFunction({
  name: "SHELL_MAP2TABLE",
  summary: "Draws a map as a table of its keys and values.",
  params: [{ name: "map", type: "map", about: "The map; null counts as empty." }],
  returns: "string",
  examples: [
    [
      "SHELL_MAP2TABLE({'a' : 1})",
      [
        "╔═════╤═══════╗",
        "║ KEY │ VALUE ║",
        "╠═════╪═══════╣",
        "║ a   │ 1     ║",
        "╚═════╧═══════╝",
        "",
      ].join("\n"),
    ],
    ["SHELL_MAP2TABLE({'a' : null})", raises("null")],
  ],
  call: (map) => {
    const rows = Array.from(map ?? [], ([key, value]) => {
      if (value === null) throw new StellarError(`the value of \`${toText(key)}\` is null`);
      return [toText(key), toText(value)];
    });
    return drawTable({ headers: ["KEY", "VALUE"], rows });
  },
});

const shellListVars = defineServiceFunction({
  name: "SHELL_LIST_VARS",
  summary: "Draws the shell's variables as a table of their values and expressions.",
  params: [{ name: "wrap", type: "integer", about: "Width at which to wrap the cells.", optional: true }],
  returns: "string",
  needs: ["shell"],
  examples: [],
  call: ({ shell }, wrap) => {
    const rows = Array.from(shell.variables(), ([name, { value, expression }]) => [
      name,
      toText(value),
      expression ?? "",
    ]);
    return drawTable({ headers: ["VARIABLE", "VALUE", "EXPRESSION"], rows, wrap: wrap ?? undefined });
  },
});

const shellVars2Map = defineServiceFunction({
  name: "SHELL_VARS2MAP",
  summary: "Gives a map from the names of shell variables to the expressions that define them.",
  params: [
    {
      name: "names",
      type: "text",
      about: "The variables; those without an expression are left out.",
      rest: true,
    },
  ],
  returns: "map",
  needs: ["shell"],
  examples: [],
  call: ({ shell }, ...names) => {
    const variables = shell.variables();
    const map = new StellarMap();
    for (const name of names) {
      const expression = name === null ? undefined : variables.get(name)?.expression;
      if (expression !== undefined) map.set(name, expression);
    }
    return map;
  },
});

const shellGetExpression = defineServiceFunction({
  name: "SHELL_GET_EXPRESSION",
  summary: "Gives the expression that defines a shell variable; null when there is none.",
  params: [{ name: "name", type: "text", about: "Name of the variable." }],
  returns: "string",
  needs: ["shell"],
  examples: [],
  call: ({ shell }, name) => (name === null ? null : (shell.variables().get(name)?.expression ?? null)),
});

const shellEdit = defineServiceFunction({
  name: "SHELL_EDIT",
  summary: "Opens a text in your editor and gives what you saved, without the blanks around it.",
  params: [{ name: "text", type: "text", about: "The text to begin with.", optional: true }],
  returns: "string",
  needs: ["shell"],
  examples: [],
  call: ({ shell }, text) => shell.edit(text ?? "")?.trim() ?? null,
});

export const shell: Namespace = {
  name: "shell",
  summary: "Work with the shell's own variables.",
  functions: [shellEdit, shellGetExpression, shellListVars, shellMap2Table, shellVars2Map],
};

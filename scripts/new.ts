/**
 * `npm run new KIND NAME`: scaffolds a component and its line in the list. What it makes is red until it is filled in:
 * the contract of the kind asks for an accepted and a rejected sample.
 *
 *   npm run new parser palo-alto
 *   npm run new enrichment whois
 *   npm run new decision why-segments
 *   npm run new change faster-facets
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");

type Kind = {
  readonly about: string;
  /** Files by path, with their text. */
  readonly files: (name: string) => Record<string, string>;
  /** The list that gets a line. */
  readonly list?: string;
};

const KINDS: Record<string, Kind> = {
  parser: {
    about: "a parser: records to messages",
    list: "src/parsers/index.ts",
    files: (name) => ({
      [`src/parsers/${name}/${name}.ts`]: `import { z } from "zod";
import { Rejection } from "../../core/rejection.ts";
import { decodeText } from "../../core/text.ts";
import { declared } from "../../schema/schema.ts";
import { defineParser } from "../parser.ts";

export const ${camel(name)} = defineParser({
  name: "${camel(name)}",
  summary: "Reads ... .",
  config: z.strictObject({}),
  fields: declared(),
  open: () => ({
    parseRecord(record) {
      const text = decodeText(record, 0, record.length);
      return new Rejection("parser_error", \`expected ..., found \${text.slice(0, 40)}\`);
    },
  }),
});
`,
      [`src/parsers/${name}/samples/first.log`]: "",
    }),
  },
  enrichment: {
    about: "an enrichment: what is known of a field's value",
    list: "src/enrichments/index.ts",
    files: (name) => ({
      [`src/enrichments/${name}/${name}.ts`]: `import { z } from "zod";
import { defineEnrichment } from "../enrichment.ts";

export const ${camel(name)} = defineEnrichment({
  name: "${camel(name)}",
  summary: "Adds ... .",
  config: z.strictObject({}),
  fields: [],
  open: () => ({ lookup: (_value) => undefined }),
});
`,
    }),
  },
  decision: {
    about: "a decision record",
    files: (name) => {
      const number = nextDecision();
      const title = name.replaceAll("-", " ");
      return {
        [`docs/decisions/${String(number).padStart(4, "0")}-${name}.md`]: `# ${number}. ${title}\n\n**Context.** \n\n**Choice.** \n\n**Price.** \n`,
      };
    },
  },
  change: {
    about: "a sentence for users about what changed",
    files: (name) => ({ [`changes/${name}.md`]: "" }),
  },
};

const [kind, name] = process.argv.slice(2);
const made = kind === undefined ? undefined : KINDS[kind];
if (made === undefined || name === undefined || !/^[a-z][a-z0-9-]*$/.test(name)) {
  console.error(
    `usage: npm run new KIND NAME (a name like palo-alto)\n${Object.entries(KINDS)
      .map(([word, { about }]) => `  ${word.padEnd(12)}${about}`)
      .join("\n")}`,
  );
  process.exit(2);
}
for (const [path, text] of Object.entries(made.files(name))) {
  const file = join(root, path);
  if (existsSync(file)) {
    console.error(`${path} is there already`);
    process.exit(1);
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(path);
}
if (made.list !== undefined) addLine(made.list, name);

/** Adds the import and the entry of a component to its list, in the order of names. */
function addLine(list: string, component: string): void {
  const file = join(root, list);
  const entry = camel(component);
  const withImport = readFileSync(file, "utf8").replace(
    /^import /m,
    `import { ${entry} } from "./${component}/${component}.ts";\nimport `,
  );
  const withEntry = withImport.replace(
    /(list(?:: | = ))\[([^\]]*)\]/,
    (_all, head: string, entries: string) => {
      const names = [
        ...entries
          .replaceAll("//", "")
          .split(",")
          .map((name) => name.trim()),
        entry,
      ];
      const sorted = names.filter((name) => name !== "").sort();
      return `${head}[\n  //\n  ${sorted.join(",\n  ")},\n]`;
    },
  );
  writeFileSync(file, withEntry);
  console.log(`${list}: added ${entry}; run \`npx biome check --write ${list}\``);
}

function nextDecision(): number {
  const numbers = readdirSync(join(root, "docs", "decisions")).map((file) => Number.parseInt(file, 10));
  return Math.max(0, ...numbers.filter((number) => !Number.isNaN(number))) + 1;
}

function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

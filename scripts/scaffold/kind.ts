/** What can be scaffolded: the files of a component, and the lines that make it known. */
export type Kind = {
  readonly about: string;
  /** Files by path, with their text. */
  readonly files: (name: string) => Readonly<Record<string, string>>;
  /** Changes to files that are there, by path. */
  readonly changes?: (name: string) => Readonly<Record<string, (text: string) => string>>;
};

/** `acme-proxy` as `acmeProxy`. */
export function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

/** `acme-proxy` as `AcmeProxy`. */
export function pascal(name: string): string {
  return camel(name).replace(/^./, (letter) => letter.toUpperCase());
}

/** `acme-proxy` as `ACME_PROXY`. */
export function upper(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}

/** Adds an import after the last one; Biome sorts them. */
export function withImport(text: string, name: string, from: string): string {
  const last = [...text.matchAll(/^(?:import .*|\} from )".*";\n/gm)].at(-1);
  if (last === undefined) throw new Error(`there is no import to add ${name} to`);
  const at = last.index + last[0].length;
  return `${text.slice(0, at)}import { ${name} } from "${from}";\n${text.slice(at)}`;
}

/** A list or object of bare names: `[asa, bro]`, one per line, or `{ getStatus, listSensors }` behind an `=`. */
const NAMES = /(?<open>\[|= \{)\s*(?<names>\w+(?:,(?:[ \t]*\/\/[^\n]*)?\s*\w+)*),?\s*(?<close>[\]}])/;

/** Adds a name to the first list of names in a text, at its place in the alphabet. */
function withName(text: string, name: string): string {
  const found = NAMES.exec(text);
  const { open = "", names = "", close = "" } = found?.groups ?? {};
  if (found === null) throw new Error(`there is no list to add ${name} to`);
  const listed = names.replaceAll(/\/\/[^\n]*/g, "").split(/,\s*/);
  const after = listed.findIndex((other) => other > name);
  const sorted = listed.toSpliced(after < 0 ? listed.length : after, 0, name);
  const [first, ...rest] = sorted;
  // An empty comment behind the first name keeps the formatter from filling lines.
  const written = names.includes("//") ? `${first}, //\n${rest.join(",\n")},\n` : sorted.join(", ");
  return text.replace(found[0], `${open}${written}${close}`);
}

/** Adds an import of a component and its name in the list. */
export function listed(name: string, from: string): (text: string) => string {
  return (text) => withName(withImport(text, name, from), name);
}

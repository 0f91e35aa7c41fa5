/** Where in a user's module the mistake is for which it cannot be imported. */
import { existsSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A file, and line and column from 1. */
export type ModulePlace = { readonly file: string; readonly line: number; readonly column: number };

/** The first line of a report of Node's parsers: what they were reading, and the line. The line itself and a caret follow. */
const HEAD = /^(\S+?)(?:\?\w+=\w+)?:(\d+)$/;
const FRAME = /(file:\/\/\S+?)(?:\?\w+=\w+)?:(\d+):(\d+)\)?$/gm;

/**
 * Finds the place of what an import threw, as Node tells it in the stack; of a syntax error in JavaScript it does not, so that the files
 * are read once more.
 * @param url the module
 * @param folder holds the module and what it imports of its own
 * @returns undefined when the mistake is in none of the folder's files
 */
export function placeOfFailure(cause: unknown, url: string, folder: string): ModulePlace | undefined {
  const stack = cause instanceof Error ? (cause.stack ?? "") : "";
  const reported = reportedPlace(stack);
  const places = reported === undefined ? framesOf(stack) : [reported];
  const own = places.find(({ file }) => isWithin(folder, file));
  if (own !== undefined || !(cause instanceof SyntaxError)) return own;
  return syntaxErrorIn(fileURLToPath(url));
}

function isWithin(folder: string, file: string): boolean {
  return !relative(folder, file).startsWith("..");
}

function reportedPlace(stack: string): ModulePlace | undefined {
  const lines = stack.split("\n");
  const [, file = "", line] = HEAD.exec(lines[0] ?? "") ?? [];
  if (line === undefined) return undefined;
  const caret = lines.find((each) => /^\s*\^+$/.test(each)) ?? "^";
  return { file: pathOf(file), line: Number(line), column: caret.indexOf("^") + 1 };
}

function framesOf(stack: string): ModulePlace[] {
  return [...stack.matchAll(FRAME)].map(([, file = "", line, column]) => ({
    ...{ file: pathOf(file), line: Number(line), column: Number(column) },
  }));
}

function pathOf(file: string): string {
  return file.startsWith("file:") ? fileURLToPath(file) : file;
}

const IMPORT = /\b(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

/** The first file, of a module and those it imports, that is no JavaScript, nor TypeScript, which every JavaScript is. */
function syntaxErrorIn(entry: string): ModulePlace | undefined {
  const files = new Set([entry]);
  for (const file of files) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, "utf8");
    for (const [, imported = ""] of text.matchAll(IMPORT)) files.add(join(dirname(file), imported));
    try {
      stripTypeScriptTypes(text, { sourceUrl: file });
    } catch (error) {
      return reportedPlace((error as Error).stack ?? "");
    }
  }
  return undefined;
}

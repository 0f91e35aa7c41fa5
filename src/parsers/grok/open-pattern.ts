import { Fault } from "../../core/fault.ts";
import { PatternError } from "../../java/pattern-error.ts";
import { BASE_PATTERNS, PATTERN_FILES } from "./base-patterns.ts";
import { compileGrok, type GrokPattern, readPatterns } from "./grok-pattern.ts";

/**
 * Compiles the pattern of a name, taken from the base patterns, a pattern file that comes with Metron, and lines of
 * the user's, later ones redefining earlier ones. Throws CONFIG_INVALID.
 */
export function openPattern(label: string, path: string | undefined, lines: readonly string[]): GrokPattern {
  const file = path === undefined ? [] : Object.hasOwn(PATTERN_FILES, path) ? PATTERN_FILES[path] : undefined;
  if (file === undefined) {
    throw new Fault(
      "CONFIG_INVALID",
      `grokPath: no pattern file ${path} comes with Metron; put its lines into patterns`,
    );
  }
  const patterns = new Map([...Object.entries(BASE_PATTERNS), ...readPatterns(file), ...readPatterns(lines)]);
  try {
    return compileGrok(label, patterns, lines.length === 0);
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof PatternError) {
      throw new Fault("CONFIG_INVALID", `patternLabel ${label}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

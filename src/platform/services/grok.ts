import { BASE_PATTERNS } from "../../parsers/grok/base-patterns.ts";
import { compileGrok } from "../../parsers/grok/grok-pattern.ts";
import type { GrokAccess } from "../../stellar/functions/parser-management.ts";
import { discoverGrok } from "./grok-discovery.ts";

/** The name under which a pattern of the user's is compiled; no base pattern has it. */
const OWN = "STELLAR0PATTERN";

/** What GROK_EVAL and GROK_PREDICT ask: patterns over those that come with Metron. */
export function grokAccess(): GrokAccess {
  return {
    compile(pattern) {
      try {
        const compiled = compileGrok(OWN, new Map([...Object.entries(BASE_PATTERNS), [OWN, pattern]]));
        return (text) => compiled.match(text);
      } catch (error) {
        // A faulty pattern has no answer; the original says no more of it either.
        if (error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    discover: discoverGrok,
  };
}

import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { LANGUAGES } from "./languages.ts";

const KNOWN: ReadonlySet<string> = new Set(LANGUAGES);

const fuzzyLangs = defineFunction({
  name: "FUZZY_LANGS",
  summary: "Lists the languages that FUZZY_SCORE knows.",
  params: [],
  returns: "list",
  result: "IETF BCP 47 language tags.",
  examples: [["'en' in FUZZY_LANGS()", true]],
  call: () => [...LANGUAGES],
});

const fuzzyScore = defineFunction({
  name: "FUZZY_SCORE",
  summary:
    "Scores how well a query's characters occur in a term, in order: 1 for each, 2 more when it follows the one before.",
  params: [
    { name: "term", type: "any", about: "The string to search in." },
    { name: "query", type: "any", about: "The string to look for." },
    { name: "language", type: "any", about: "The language for upper and lower case, such as `en`." },
  ],
  returns: "integer",
  examples: [
    ["FUZZY_SCORE('metron', 'metron', 'en')", 16],
    ["FUZZY_SCORE('metron', 'MTN', 'en')", 3],
    ["FUZZY_SCORE('metron', 'x', 'en')", 0],
    ["FUZZY_SCORE('metron', 'x', 'xx')", raises("FUZZY_LANGS")],
  ],
  call: (term, query, language) => {
    if (typeof term !== "string" || typeof query !== "string" || typeof language !== "string") return 0;
    if (!KNOWN.has(language)) {
      throw new StellarError(`\`${language}\` is not one of the languages of FUZZY_LANGS()`);
    }
    return score(term.toLocaleLowerCase(language), query.toLocaleLowerCase(language));
  },
});

export const text: Namespace = {
  name: "text",
  summary: "Compare texts.",
  functions: [fuzzyLangs, fuzzyScore],
};

/** The fuzzy score of Sublime Text, as Apache Commons Text defines it. */
function score(term: string, query: string): number {
  let total = 0;
  let at = 0;
  let previous = -2;
  for (let index = 0; index < query.length; index++) {
    const found = term.indexOf(query.charAt(index), at);
    if (found < 0) break;
    total += found === previous + 1 ? 3 : 1;
    previous = found;
    at = found + 1;
  }
  return total;
}

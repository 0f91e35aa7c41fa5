import { Fault } from "../core/fault.ts";
import { Parser } from "./parser.ts";
import { Reader, type Token } from "./reader.ts";

/** A text of more mistakes is no query; each of them costs a new beginning. */
const MOST_MISTAKES = 100;

/** What the parts of a text are, by the parser itself. Behind a mistake it reads on as if a query began there. */
export function tokensOf(text: string): readonly Token[] {
  const reader = new Reader(text);
  for (let mistakes = 0; !reader.done && mistakes <= MOST_MISTAKES; mistakes++) {
    const start = reader.at;
    try {
      new Parser(reader).parse();
    } catch (thrown) {
      if (!(thrown instanceof Fault)) throw thrown;
      if (reader.at > start) continue;
      reader.at++;
      if (/[()[\]{}]/.test(text[start] as string)) reader.mark("sign", start);
    }
  }
  return reader.tokens;
}

import { emptyMessage, type Message } from "../../core/message.ts";

const TAB = "\t";
/** One character, or its code in hexadecimal; `\t` is how many write a tab. */
const DELIMITER = /^(?:0?x([0-9a-f]{1,4})|(\\t)|([^|]))?\|/i;

/** The delimiter of a LEEF 2.0 header and where the attributes begin; undefined when its field is no delimiter. */
export type Attributes = { readonly delimiter: string; readonly text: string };

/**
 * Splits what follows the four fields of a LEEF 2.0 header. The field of the delimiter is one character or its code
 * (`x5E`, `0x5E`); it may be empty or missing, which means a tab.
 */
export function splitDelimiter(rest: string): Attributes | undefined {
  if (rest.startsWith("||")) return { delimiter: "|", text: rest.slice(2) };
  const found = DELIMITER.exec(rest);
  if (found === null) {
    const bar = rest.indexOf("|");
    // Text up to a bar that is no attribute was meant as a delimiter.
    if (bar >= 0 && !rest.slice(0, bar).includes("=")) return undefined;
    return { delimiter: TAB, text: rest };
  }
  const [field, code, tab, char] = found;
  const delimiter =
    code !== undefined ? String.fromCodePoint(Number.parseInt(code, 16)) : tab ? TAB : (char ?? TAB);
  return { delimiter, text: rest.slice(field.length) };
}

/**
 * Reads attributes between delimiters, each cut at its first `=`. A backslash protects a visible delimiter. What has no
 * `=` belongs to the value before it. A key without a value has no field, and of several values of a key the first
 * counts. Undefined when the text is not blank and holds no attribute at its start.
 */
export function readAttributes(text: string, delimiter: string): Message | undefined {
  const message = emptyMessage();
  let [key, value] = ["", ""];
  for (const part of partsOf(text, delimiter)) {
    const at = part.indexOf("=");
    if (at > 0) {
      setAttribute(message, key, value);
      key = part.slice(0, at).trim();
      value = part.slice(at + 1);
    } else if (part.trim() !== "") {
      if (key === "") return undefined;
      value += delimiter + part;
    }
  }
  setAttribute(message, key, value);
  return message;
}

function setAttribute(message: Message, key: string, value: string): void {
  if (key !== "" && value !== "" && !(key in message)) message[key] = value;
}

function partsOf(text: string, delimiter: string): readonly string[] {
  if (delimiter === TAB || !text.includes("\\")) return text.split(delimiter);
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf(delimiter); at >= 0; at = text.indexOf(delimiter, at + delimiter.length)) {
    if (text[at - 1] === "\\") continue;
    parts.push(text.slice(from, at));
    from = at + delimiter.length;
  }
  parts.push(text.slice(from));
  return parts.map((part) => part.replaceAll(`\\${delimiter}`, delimiter));
}

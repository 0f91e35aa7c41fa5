import { emptyMessage, type Message } from "../../core/message.ts";

/**
 * Reads `key=value key=value` with blanks inside values, as the original does: a key is what is behind the last
 * blank before an unescaped `=`; where there is no such blank, the text between belongs to no key and the last
 * value wins. Escapes stay as they are. Undefined when there is no `=` at all.
 */
export function readExtension(text: string): Message | undefined {
  const message = emptyMessage();
  let key: string | undefined;
  let from = 0;
  for (let at = text.indexOf("="); at >= 0; at = text.indexOf("=", at + 1)) {
    if (text[at - 1] === "\\") continue;
    const part = text.slice(from, at);
    const blank = part.lastIndexOf(" ");
    if (key === undefined) key = part.slice(blank + 1);
    else if (blank > 0) {
      message[key] = part.slice(0, blank).trim();
      key = part.slice(blank + 1);
    }
    from = at + 1;
  }
  if (key === undefined) return undefined;
  message[key] = text.slice(from).trim();
  return message;
}

/** A key of letters, digits and few other characters behind a blank; so a `=` inside a URL starts none. */
const KEY = /(?:^|\s)([\w.[\]-]+)=/g;
const ESCAPE = /\\([\\=|nr])/g;
const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r" };

/**
 * Reads `key=value key=value` as ArcSight describes it: values hold blanks, and a backslash before `=`, `\`, `n` and `r`.
 * A key without a value has no field; of several values of a key the first counts, since the later ones may be in
 * text that the watched have chosen. Undefined when there is no pair at all.
 */
export function readPairs(text: string): Message | undefined {
  const message = emptyMessage();
  let key: string | undefined;
  let from = 0;
  KEY.lastIndex = 0;
  for (let found = KEY.exec(text); found !== null; found = KEY.exec(text)) {
    if (key !== undefined) setPair(message, key, text.slice(from, found.index));
    key = found[1] as string;
    from = KEY.lastIndex;
  }
  if (key === undefined) return undefined;
  setPair(message, key, text.slice(from));
  return message;
}

function setPair(message: Message, key: string, raw: string): void {
  const value = raw.trim();
  if (value === "" || key in message) return;
  message[key] = value.includes("\\")
    ? value.replace(ESCAPE, (_, char: string) => ESCAPED[char] ?? char)
    : value;
}

/** Gives fields the names that their `…Label` fields state, unless another field has that name. */
export function renameLabelled(message: Message, taken: ReadonlySet<string>): void {
  for (const label of Object.keys(message)) {
    if (!label.endsWith("Label")) continue;
    const name = label.slice(0, -"Label".length);
    const [text, value] = [message[label], message[name]];
    if (value === undefined) delete message[label];
    else if (typeof text === "string" && !(text in message) && !taken.has(text)) {
      delete message[label];
      delete message[name];
      message[text] = value;
    }
  }
}

/** Gives fields the names that their `…Label` fields state; labels of fields that are missing go. */
export function applyLabels(message: Message): void {
  for (const label of Object.keys(message)) {
    if (!label.endsWith("Label")) continue;
    const name = label.slice(0, -"Label".length);
    const text = message[label];
    delete message[label];
    const value = message[name];
    if (value === undefined || typeof text !== "string") continue;
    delete message[name];
    message[text] = value;
  }
}

/** Moves a field; false when its value must be an integer and is not. */
export function renameField(message: Message, from: string, to: string, integer = false): boolean {
  const value = message[from];
  if (value === undefined) return true;
  delete message[from];
  if (!integer) {
    message[to] = value;
    return true;
  }
  const number = /^[+-]?\d+$/.test(String(value)) ? Number(value) : Number.NaN;
  if ((number | 0) !== number) return false;
  message[to] = number + 0;
  return true;
}

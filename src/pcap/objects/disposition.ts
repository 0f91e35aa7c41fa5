/**
 * The file name of a Content-Disposition (RFC 6266); `filename*` (RFC 8187, before 5987) goes before `filename`.
 *
 * @param value as it was sent, its bytes as Latin-1
 */
export function fileNameOf(value: string): string | undefined {
  let plain: string | undefined;
  for (const [, name = "", quoted, token] of value.matchAll(PARAMETER)) {
    const text = quoted?.replace(/\\(.)/g, "$1") ?? token ?? "";
    const key = name.toLowerCase();
    if (key === "filename*") {
      const decoded = decodeExtended(text);
      if (decoded !== undefined) return decoded;
    } else if (key === "filename") plain ??= asUtf8(text);
  }
  return plain;
}

const PARAMETER = /;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/** `UTF-8'en'na%C3%AFve`. */
function decodeExtended(text: string): string | undefined {
  const [, charset = "", encoded = ""] = /^([^']*)'[^']*'(.*)$/.exec(text) ?? [];
  const bytes = Buffer.from(unescapePercents(encoded), "latin1");
  switch (charset.toLowerCase()) {
    case "utf-8":
      return bytes.toString();
    case "iso-8859-1":
      return bytes.toString("latin1");
    default:
      return undefined;
  }
}

/** The last part of the path of a URL, or its host. */
export function nameOfUrl(target: string, host: string | undefined): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "").replace(/[?#].*$/s, "");
  const last = path.split("/").findLast((part) => part !== "");
  return last === undefined ? (host ?? "index") : asUtf8(unescapePercents(last));
}

function unescapePercents(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Text whose characters are bytes, as UTF-8 if it is that. */
function asUtf8(text: string): string {
  const decoded = Buffer.from(text, "latin1").toString();
  return decoded.includes("\ufffd") ? text : decoded;
}

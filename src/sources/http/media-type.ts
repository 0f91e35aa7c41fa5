import { Fault } from "../../core/fault.ts";

/** What the headers of a request say of its body. */
export type Media = {
  readonly isJson: boolean;
  /** Undefined when the headers do not say. */
  readonly gzip: true | undefined;
};

const JSON_TYPES = /^(application|text)\/(json|[\w.-]+\+json)$/;
/** Lines, or bytes whose sender does not say what they are. `curl --data-binary` calls all of them a form. */
const LINE_TYPES =
  /^(text\/[\w.+-]+|application\/(octet-stream|(x-)?ndjson|(x-)?jsonl(ines)?|json-(lines|seq)|x-json-stream|x-www-form-urlencoded|(x-)?gzip|xml|csv|(x-)?log))$/;
const GZIP = /^(x-)?gzip$/;
/** Line ends of these are more than one byte. */
const WIDE = /^(utf-?(16|32)|ucs-?[24]|iso-10646)/;

/**
 * Reads `Content-Type` and `Content-Encoding`.
 * @throws Fault MEDIA_UNSUPPORTED for what cannot be records
 */
export function readMedia(contentType: string | undefined, contentEncoding: string | undefined): Media {
  const [type = "", ...parameters] = (contentType ?? "").split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters
    .find((parameter) => parameter.startsWith("charset="))
    ?.slice("charset=".length)
    .replaceAll('"', "");
  if (charset !== undefined && WIDE.test(charset)) refuse(`the character set \`${charset}\``);
  const isJson = JSON_TYPES.test(type);
  if (type !== "" && !isJson && !LINE_TYPES.test(type)) refuse(`the type \`${type}\``);
  const encoding = (contentEncoding ?? "").trim().toLowerCase();
  if (encoding !== "" && encoding !== "identity" && !GZIP.test(encoding))
    refuse(`the encoding \`${encoding}\``);
  return { isJson, gzip: GZIP.test(encoding) ? true : undefined };
}

function refuse(what: string): never {
  throw new Fault("MEDIA_UNSUPPORTED", `reading records: ${what} is not understood`);
}

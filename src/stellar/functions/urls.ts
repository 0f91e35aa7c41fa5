import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { parseUrl, type UrlParts } from "./net/url.ts";

const URL_PARAM = { name: "url", type: "string", about: "The URL." } as const;
const RESULT = "Null when the text is no URL or its protocol is unknown.";

function part<T>(url: string | null, of: (parts: UrlParts) => T): T | null {
  const parts = url === null ? undefined : parseUrl(url);
  return parts === undefined ? null : of(parts);
}

const urlToHost = defineFunction({
  name: "URL_TO_HOST",
  summary: "Gives the host of a URL.",
  params: [URL_PARAM],
  returns: "string",
  result: RESULT,
  examples: [
    ["URL_TO_HOST('http://user:pw@www.yahoo.com:8080/foo')", "www.yahoo.com"],
    ["URL_TO_HOST('http:///foo')", ""],
    ["URL_TO_HOST('www.yahoo.com')", null],
    ["URL_TO_HOST(5)", raises("must be a string")],
  ],
  call: (url) => part(url, ({ host }) => host),
});

const urlToPath = defineFunction({
  name: "URL_TO_PATH",
  summary: "Gives the path of a URL, without its query.",
  params: [URL_PARAM],
  returns: "string",
  result: RESULT,
  examples: [
    ["URL_TO_PATH('http://www.yahoo.com/foo/bar?q=1#f')", "/foo/bar"],
    ["URL_TO_PATH('http://www.yahoo.com')", ""],
  ],
  call: (url) => part(url, ({ path }) => path),
});

const urlToPort = defineFunction({
  name: "URL_TO_PORT",
  summary: "Gives the port of a URL: the one it names, else its protocol's.",
  params: [URL_PARAM],
  returns: "integer",
  result: "Null when the text is no URL or its protocol is unknown; -1 when the protocol has no port.",
  examples: [
    ["URL_TO_PORT('https://www.yahoo.com/foo')", 443],
    ["URL_TO_PORT('http://www.yahoo.com:8080/foo')", 8080],
    ["URL_TO_PORT('file:///x')", -1],
    ["URL_TO_PORT('gopher://x')", null],
  ],
  call: (url) => part(url, ({ port }) => port),
});

const urlToProtocol = defineFunction({
  name: "URL_TO_PROTOCOL",
  summary: "Gives the protocol of a URL, in lower case.",
  params: [URL_PARAM],
  returns: "string",
  result: RESULT,
  examples: [
    ["URL_TO_PROTOCOL('HTTP://www.yahoo.com')", "http"],
    ["URL_TO_PROTOCOL('ssh://x')", null],
  ],
  call: (url) => part(url, ({ protocol }) => protocol),
});

export const urls: Namespace = {
  name: "urls",
  summary: "The parts of URLs.",
  functions: [urlToHost, urlToPath, urlToPort, urlToProtocol],
};

import { StellarError } from "../language/error.ts";
import { defineFunction, type Namespace, raises } from "../language/function.ts";
import { checkTextSize } from "../values/budget.ts";
import { toText, type Value } from "../values/value.ts";
import { ENCODINGS, type Encoding } from "./net/encodings.ts";

const TEXT = { name: "text", type: "string", about: "The text; nothing and null give null." } as const;
const ENCODING = {
  name: "encoding",
  type: "string",
  about: "BASE32, BASE32HEX, BASE64, BINARY or HEX, in any case.",
} as const;
const EXTRA = { name: "extra", type: "any", about: "Ignored, as in the original.", optional: true } as const;

const getSupportedEncodings = defineFunction({
  name: "GET_SUPPORTED_ENCODINGS",
  summary: "Lists the encodings that ENCODE, DECODE and IS_ENCODING know.",
  params: [],
  returns: "list",
  examples: [["GET_SUPPORTED_ENCODINGS()", ["BASE32", "BASE32HEX", "BASE64", "BINARY", "HEX"]]],
  pure: false,
  call: () => [...ENCODINGS.keys()],
});

const encode = defineFunction({
  name: "ENCODE",
  summary: "Encodes the UTF-8 bytes of a text.",
  params: [TEXT, ENCODING, EXTRA],
  returns: "string",
  examples: [
    ["ENCODE('foo', 'BASE64')", "Zm9v"],
    ["ENCODE('foo', 'hex')", "666f6f"],
    ["ENCODE('', 'HEX')", null],
    ["ENCODE('foo', 'ROT13')", raises("ROT13")],
  ],
  exact: true,
  call: (text, name) => {
    if (!text || !name) return null;
    checkTextSize(text.length * 8);
    return encodingOf(name).encode(text);
  },
});

const decode = defineFunction({
  name: "DECODE",
  summary: "Decodes a text to bytes and reads these as UTF-8.",
  params: [
    TEXT,
    ENCODING,
    {
      name: "verify",
      type: "any",
      about: "Whether to give back unchanged what is not so encoded.",
      optional: true,
    },
  ],
  returns: "string",
  examples: [
    ["DECODE('Zm9v', 'BASE64')", "foo"],
    ["DECODE('zz', 'HEX')", "zz"],
    ["DECODE('!!!!', 'BASE64')", ""],
    ["DECODE('!!!!', 'BASE64', true)", "!!!!"],
    ["DECODE('', 'HEX')", null],
  ],
  exact: true,
  call: (text, name, verify) => {
    if (!text || !name) return null;
    const encoding = encodingOf(name);
    return verify !== undefined && truth(verify) && !encoding.is(text) ? text : encoding.decode(text);
  },
});

const isEncoding = defineFunction({
  name: "IS_ENCODING",
  summary: "Tells whether a text has the form of an encoding.",
  params: [{ ...TEXT, about: "The text; nothing and null are not encoded." }, ENCODING],
  returns: "boolean",
  examples: [
    ["IS_ENCODING('666f6f', 'HEX')", true],
    ["IS_ENCODING('66f', 'HEX')", false],
    ["IS_ENCODING('', 'HEX')", false],
  ],
  call: (text, name) => (text && name ? encodingOf(name).is(text) : false),
});

function encodingOf(name: string): Encoding {
  const encoding = ENCODINGS.get(name.toUpperCase());
  if (encoding !== undefined) return encoding;
  throw new StellarError(
    `\`${name.slice(0, 100)}\` is not an encoding: take one of ${[...ENCODINGS.keys()].join(", ")}`,
  );
}

function truth(value: Value): boolean {
  if (typeof value === "boolean") return value;
  throw new StellarError(`DECODE: \`verify\` must be a boolean, not ${toText(value).slice(0, 100)}`);
}

export const encoding: Namespace = {
  name: "encoding",
  summary: "Bytes as text.",
  functions: [decode, encode, getSupportedEncodings, isEncoding],
};

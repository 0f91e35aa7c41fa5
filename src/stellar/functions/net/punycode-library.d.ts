/** The package has no types of its own, and those published name Node's module. */
declare module "punycode/punycode.js" {
  const punycode: {
    /** Throws a RangeError for what no text encodes to. */
    decode(encoded: string): string;
    encode(text: string): string;
  };
  export = punycode;
}

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ENCODINGS } from "./encodings.ts";

// RFC 4648, section 10.
test.each([
  ["BASE64", ["Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]],
  ["BASE32", ["MY======", "MZXQ====", "MZXW6===", "MZXW6YQ=", "MZXW6YTB", "MZXW6YTBOI======"]],
  ["BASE32HEX", ["CO======", "CPNG====", "CPNMU===", "CPNMUOG=", "CPNMUOJ1", "CPNMUOJ1E8======"]],
  ["HEX", ["66", "666f", "666f6f", "666f6f62", "666f6f6261", "666f6f626172"]],
])("%s", (name, expected) => {
  const encoding = ENCODINGS.get(name)!;
  for (const [index, encoded] of expected.entries()) {
    const text = "foobar".slice(0, index + 1);
    expect(encoding.encode(text)).toBe(encoded);
    expect(encoding.decode(encoded)).toBe(text);
    expect(encoding.is(encoded)).toBe(true);
  }
});

test("every encoding gives any text back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
      for (const [name, encoding] of ENCODINGS) {
        if (name === "BINARY" && text.trim() === "") continue;
        expect(encoding.decode(encoding.encode(text))).toBe(text);
      }
    }),
  );
});

test("decoding skips what does not belong", () => {
  const base64 = ENCODINGS.get("BASE64")!;
  expect(base64.decode("Z m\n9*v")).toBe("foo");
  expect(base64.decode("Zm9v=Zm9v")).toBe("foo");
  expect(base64.decode("_-__").length).toBeGreaterThan(0);
  expect(base64.decode("Z")).toBe("");
  expect(ENCODINGS.get("BASE32")!.is("mzxw6===")).toBe(false);
  expect(ENCODINGS.get("BINARY")!.decode("00000000")).toBe("00000000");
});

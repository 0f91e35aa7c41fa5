/**
 * Names that a mistyped, misread or forged domain label may become: the eleven ways of the dnstwist tool, as Metron
 * applies them. Takes the label alone, without subdomains and public suffix.
 */
import { StellarError } from "../../language/error.ts";
import { domainToAscii, domainToUnicode } from "./punycode.ts";

/** The keys that are next to each key, on three keyboards: after the key itself. */
const KEYBOARDS = [
  "12q 23wq1 34ew2 45re3 56tr4 67yt5 78uy6 89iu7 90oi8 0po9 q12wa w3esaq2 e4rdsw3 r5tfde4 t6ygfr5 y7uhgt6 u8ijhy7 " +
    "i9okju8 o0plki9 plo0 aqwsz sedxzaw drfcxse ftgvcdr gyhbvft hujnbgy jikmnhu kolmji lkop zasx xzsdc cxdfv vcfgb " +
    "bvghn nbhjm mnjk",
  "12q 23wq1 34ew2 45re3 56tr4 67zt5 78uz6 89iu7 90oi8 0po9 q12wa w3esaq2 e4rdsw3 r5tfde4 t6zgfr5 z7uhgt6 u8ijhz7 " +
    "i9okju8 o0plki9 plo0 aqwsy sedxyaw drfcxse ftgvcdr gzhbvft hujnbgz jikmnhu kolmji lkop yasx xysdc cxdfv vcfgb " +
    "bvghn nbhjm mnjk",
  "12a 23za1 34ez2 45re3 56tr4 67yt5 78uy6 89iu7 90oi8 0po9 a2zq1 z3esqa2 e4rdsz3 r5tfde4 t6ygfr5 y7uhgt6 u8ijhy7 " +
    "i9okju8 o0plki9 plo0m qzswa sedxwqz drfcxse ftgvcdr gyhbvft hujnbgy jiknhu kolji lkopm mlp wsxq xzsdc cxdfv " +
    "vcfgb bvghn nbhj",
].map((keys) => new Map(keys.split(" ").map((key) => [key.charAt(0), key.slice(1)])));

/** What looks like each letter: after the letter itself; several letters may pass for one. */
const GLYPHS: ReadonlyMap<string, readonly string[]> = new Map(
  [
    "a à á â ã ä å ɑ а ạ ǎ ă ȧ ӓ",
    "b d lb ib ʙ Ь b\u0314 ɓ Б",
    "c ϲ с ƈ ċ ć ç",
    "d b cl dl di ԁ ժ ɗ đ",
    "e é ê ë ē ĕ ě ė е ẹ ę є ϵ ҽ",
    "f Ϝ ƒ Ғ",
    "g q ɢ ɡ Ԍ ġ ğ ց ǵ ģ",
    "h lh ih һ հ Ꮒ н",
    "i 1 l Ꭵ í ï ı ɩ ι ꙇ ǐ ĭ",
    "j ј ʝ ϳ ɉ",
    "k lk ik lc κ ⲕ",
    "l 1 i ɫ ł",
    "m n nn rn rr ṃ ᴍ м ɱ",
    "n m r ń",
    "o 0 Ο ο О о Օ ȯ ọ ỏ ơ ó ö ӧ",
    "p ρ р ƿ Ϸ Þ",
    "q g զ ԛ գ ʠ",
    "r ʀ Г ᴦ ɼ ɽ",
    "s Ⴝ Ꮪ ʂ ś ѕ",
    "t τ т ţ",
    "u μ υ Ս ս ц ᴜ ǔ ŭ",
    "v ѵ ν v\u0307",
    "w vv ѡ ա ԝ",
    "x х ҳ ẋ",
    "y ʏ γ у Ү ý",
    "z ʐ ż ź ᴢ",
  ].map((line) => {
    const [letter = "", ...glyphs] = line.split(" ");
    return [letter, glyphs];
  }),
);

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const VOWELS = "aeiou";
const ALLOWED = /^[0-9a-z-]$/;
/** What DNS allows; the work grows with the third power of the length. */
const MAX_LABEL = 63;

/** All candidates, the label itself excepted. */
export function typosquats(label: string): Set<string> {
  if (label.length > MAX_LABEL) {
    throw new StellarError(`a label of ${label.length} characters is over the limit of ${MAX_LABEL}`);
  }
  const found = new Set<string>();
  for (const way of WAYS) {
    for (const candidate of way(label)) found.add(candidate);
  }
  found.delete(label);
  return found;
}

type Way = (label: string) => Iterable<string>;

const WAYS: readonly Way[] = [
  added,
  bitFlipped,
  homoglyphs,
  (label) => between(label, "-"),
  inserted,
  (label) => replaced(label, () => [""]),
  (label) => replaced(label, (key) => (/^\p{L}$/u.test(key) ? [key + key] : [])),
  (label) => replaced(label, (key) => KEYBOARDS.flatMap((keyboard) => [...(keyboard.get(key) ?? "")])),
  subdomains,
  transposed,
  (label) => replaced(label, (key) => (VOWELS.includes(key) ? [...VOWELS] : [])),
];

function* added(label: string): Iterable<string> {
  for (const letter of LETTERS) yield label + letter;
}

/** See Dinaburg, "Bitsquatting: DNS hijacking without exploitation" (2011). */
function bitFlipped(label: string): Iterable<string> {
  return replaced(label, (key) =>
    [1, 2, 4, 8, 16, 32, 64, 128]
      .map((bit) => String.fromCharCode(key.charCodeAt(0) ^ bit))
      .filter((flipped) => ALLOWED.test(flipped)),
  );
}

/** Look-alikes for every occurrence of a letter within any stretch shorter than the label, and their ASCII form. */
function* homoglyphs(given: string): Iterable<string> {
  const label = /^xn--|\.xn--/i.test(given) ? domainToUnicode(given) : given;
  for (let length = 1; length < label.length; length++) {
    for (let start = 0; start + length <= label.length; start++) {
      const stretch = label.slice(start, start + length);
      for (const letter of new Set(stretch)) {
        for (const glyph of GLYPHS.get(letter) ?? []) {
          const forged =
            label.slice(0, start) + stretch.replaceAll(letter, glyph) + label.slice(start + length);
          yield forged;
          const ascii = domainToAscii(forged);
          if (ascii !== undefined) yield ascii;
        }
      }
    }
  }
}

function* between(label: string, mark: string): Iterable<string> {
  for (let at = 1; at < label.length; at++) yield label.slice(0, at) + mark + label.slice(at);
}

/** Neighbouring keys hit before or after a key that is neither first nor last. */
function* inserted(label: string): Iterable<string> {
  for (let at = 1; at < label.length - 1; at++) {
    for (const keyboard of KEYBOARDS) {
      for (const key of keyboard.get(label.charAt(at)) ?? "") {
        yield label.slice(0, at) + key + label.slice(at);
        yield label.slice(0, at + 1) + key + label.slice(at + 1);
      }
    }
  }
}

function* replaced(label: string, by: (key: string) => readonly string[]): Iterable<string> {
  for (let at = 0; at < label.length; at++) {
    for (const key of by(label.charAt(at))) yield label.slice(0, at) + key + label.slice(at + 1);
  }
}

function* subdomains(label: string): Iterable<string> {
  for (let at = 1; at < label.length; at++) {
    if (!/[-.]/.test(label.slice(at - 1, at + 1))) yield `${label.slice(0, at)}.${label.slice(at)}`;
  }
}

function* transposed(label: string): Iterable<string> {
  for (let at = 0; at < label.length - 1; at++) {
    yield label.slice(0, at) + label.charAt(at + 1) + label.charAt(at) + label.slice(at + 2);
  }
}

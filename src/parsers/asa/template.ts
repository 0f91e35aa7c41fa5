import { parseIpv4, parseIpv6Into } from "../../core/ip.ts";

// Bytes past the end read as undefined and fail every comparison.

/** What a template captures. */
const CAPTURES = ["action", "protocol", "src", "sport", "dst", "dport"] as const;

/** Action words, longer ones first where one begins another. */
const ACTIONS = [
  "Built",
  "Teardown",
  "Denied",
  "Deny",
  "denied by ACL",
  "denied",
  "requested",
  "permitted",
  "discarded",
  "est-allowed",
  "Dropping",
  "created",
  "deleted",
];

/** How far `<any>` looks for what follows it: keeps a hostile record from costing more than its length. */
const REACH = 2000;
/** What is before the number of a protocol without a name. */
const NUMBERED = encode("protocol");

type Step =
  | { readonly kind: "text"; readonly bytes: Uint8Array }
  | { readonly kind: "choice"; readonly texts: readonly Uint8Array[]; readonly capture: number }
  | { readonly kind: "word" | "protocol" | "number" | "address"; readonly capture: number }
  | { readonly kind: "any" | "user" }
  | { readonly kind: "option"; readonly steps: readonly Step[] };

const scratch = new Uint32Array(4);

/** Words that go on with the message and are no user. */
const FOLLOWERS = [
  "to",
  "dst",
  "->",
  "gaddr",
  "laddr",
  "by",
  "hit-cnt",
  "on",
  "due",
  "duration",
  "flags",
].map(encode);

/**
 * The shape of a message as text: literal characters, `<action>`, `<protocol>` and `<word>` for words, `<src>` and
 * `<dst>` for addresses, `<sport>`, `<dport>` and `<number>` for numbers, `<a|b>` for either text, `<any>` for the
 * least that lets the rest fit, `<user>` for users and groups that may be behind an address, `[...]` for an optional
 * part, which is taken where it fits. What follows the shape does not matter.
 *
 * Wide templates also read what the original does not: `protocol 47`, the name of a host in place of its address, and
 * users without brackets.
 */
export class Template {
  readonly #steps: readonly Step[];
  readonly #wide: boolean;
  /** Where each capture lies after a match; a start of -1 means it took no part. */
  readonly starts = new Int32Array(CAPTURES.length);
  readonly ends = new Int32Array(CAPTURES.length);
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;

  constructor(shape: string, wide: boolean) {
    this.#wide = wide;
    this.#steps = compile(wide ? shape : shape.replaceAll("<user>", "[(<any>)]"));
  }

  /** Whether bytes[start, end) begin with this shape. */
  match(bytes: Uint8Array, start: number, end: number): boolean {
    this.#bytes = bytes;
    this.#end = end;
    this.starts.fill(-1);
    return this.#run(this.#steps, 0, start) >= 0;
  }

  /** Runs steps from `index` on and returns where they end, or -1. */
  #run(steps: readonly Step[], index: number, from: number): number {
    let at = from;
    for (let next = index; next < steps.length; next++) {
      const step = steps[next] as Step;
      switch (step.kind) {
        case "text":
          at = this.#text(step.bytes, at);
          break;
        case "choice":
          at = this.#choice(step.texts, step.capture, at);
          break;
        case "word":
          at = this.#keep(step.capture, at, this.#word(at));
          break;
        case "number":
          at = this.#keep(step.capture, at, this.#number(at));
          break;
        case "address":
          at = this.#keep(step.capture, at, this.#address(at));
          break;
        case "protocol":
          at = this.#protocol(step.capture, at);
          break;
        case "user":
          at = this.#user(at);
          break;
        case "any":
          return this.#any(steps, next + 1, at);
        default: {
          const taken = this.#run(step.steps, 0, at);
          if (taken >= 0) at = taken;
        }
      }
      if (at < 0) return -1;
    }
    return at;
  }

  #any(steps: readonly Step[], next: number, from: number): number {
    if (next === steps.length) return this.#end;
    const limit = Math.min(this.#end, from + REACH);
    const follower = steps[next] as Step;
    const first = follower.kind === "text" ? follower.bytes[0] : undefined;
    for (let at = from; at <= limit; at++) {
      if (first !== undefined && this.#bytes[at] !== first) continue;
      const end = this.#run(steps, next, at);
      if (end >= 0) return end;
    }
    return -1;
  }

  #keep(capture: number, start: number, end: number): number {
    if (capture >= 0 && end >= 0) {
      this.starts[capture] = start;
      this.ends[capture] = end;
    }
    return end;
  }

  #text(text: Uint8Array, from: number): number {
    const bytes = this.#bytes;
    for (let index = 0; index < text.length; index++) {
      if (bytes[from + index] !== text[index]) return -1;
    }
    const end = from + text.length;
    return end <= this.#end ? end : -1;
  }

  #choice(texts: readonly Uint8Array[], capture: number, from: number): number {
    for (let index = 0; index < texts.length; index++) {
      const end = this.#text(texts[index] as Uint8Array, from);
      if (end >= 0) return this.#keep(capture, from, end);
    }
    return -1;
  }

  #word(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (at < this.#end && isWordByte(bytes[at] as number)) at++;
    return at > from ? at : -1;
  }

  #protocol(capture: number, from: number): number {
    const end = this.#word(from);
    if (
      this.#wide &&
      end - from === NUMBERED.length &&
      this.#bytes[end] === 32 &&
      this.#text(NUMBERED, from) >= 0
    ) {
      const last = this.#number(end + 1);
      if (last >= 0) return this.#keep(capture, end + 1, last);
    }
    return this.#keep(capture, from, end);
  }

  /** Skips what may be behind an address: groups in brackets, and words that do not go on with the message. */
  #user(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    for (let parts = 0; parts < 4; parts++) {
      const start = bytes[at] === 32 ? at + 1 : at;
      if (bytes[start] === 40) {
        const close = bytes.indexOf(41, start);
        if (close < 0 || close >= this.#end) return at;
        at = close + 1;
        continue;
      }
      if (start === at) return at;
      let end = start;
      while (end < this.#end && bytes[end] !== 32 && end - start < 256) end++;
      if (
        end === start ||
        FOLLOWERS.some((word) => word.length === end - start && this.#text(word, start) >= 0)
      )
        return at;
      at = end;
    }
    return at;
  }

  #number(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (at < this.#end && ((bytes[at] as number) ^ 48) < 10) at++;
    return at > from ? at : -1;
  }

  #address(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    let colons = 0;
    for (; at < this.#end; at++) {
      const byte = bytes[at] as number;
      if (byte === 58) colons++;
      else if ((byte ^ 48) >= 10 && byte !== 46 && ((byte | 32) < 97 || (byte | 32) > 102)) break;
    }
    // The text may go on with a full stop or a colon that is not the address's.
    while (at > from && (bytes[at - 1] === 46 || (bytes[at - 1] === 58 && bytes[at - 2] !== 58))) at--;
    const isAddress =
      colons === 0 ? parseIpv4(bytes, from, at) >= 0 : parseIpv6Into(bytes, from, at, scratch);
    if (isAddress) return at;
    return this.#wide ? this.#hostName(from) : -1;
  }

  /** A name of the `names` command: it starts with a letter and has no colon. */
  #hostName(from: number): number {
    const bytes = this.#bytes;
    if (!isLetter(bytes[from] as number)) return -1;
    let at = from;
    while (at < this.#end && (isWordByte(bytes[at] as number) || bytes[at] === 45 || bytes[at] === 46)) at++;
    return at;
  }
}

function isLetter(byte: number): boolean {
  return (byte | 32) >= 97 && (byte | 32) <= 122;
}

function isWordByte(byte: number): boolean {
  return (byte ^ 48) < 10 || ((byte | 32) >= 97 && (byte | 32) <= 122) || byte === 95;
}

function compile(shape: string): Step[] {
  const steps: Step[] = [];
  const open: Step[][] = [steps];
  for (const [part] of shape.matchAll(/<[^>]+>|\[|\]|[^<[\]]+/g)) {
    const inside = open[open.length - 1] as Step[];
    if (part === "[") {
      const option: Step[] = [];
      inside.push({ kind: "option", steps: option });
      open.push(option);
    } else if (part === "]") open.pop();
    else
      inside.push(
        part.startsWith("<") ? placeholder(part.slice(1, -1)) : { kind: "text", bytes: encode(part) },
      );
  }
  return steps;
}

function placeholder(name: string): Step {
  const capture = (CAPTURES as readonly string[]).indexOf(name);
  if (name === "any" || name === "user") return { kind: name };
  if (name === "protocol") return { kind: "protocol", capture };
  if (name === "action") return { kind: "choice", texts: ACTIONS.map(encode), capture };
  if (name.includes("|")) return { kind: "choice", texts: name.split("|").map(encode), capture: -1 };
  if (name === "src" || name === "dst" || name === "address") return { kind: "address", capture };
  if (name === "sport" || name === "dport" || name === "number") return { kind: "number", capture };
  return { kind: "word", capture };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

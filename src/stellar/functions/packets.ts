/** Looks into packets, where expressions are asked of packets: in their queries. */
import { defineServiceFunction, type Namespace } from "../language/function.ts";
import type { Value } from "../values/value.ts";

declare module "../run/services.ts" {
  interface Services {
    readonly packets?: {
      /** Tells whether a pattern of bytes occurs in a packet. Throws a StellarError for what is no pattern or no packet. */
      readonly matches: (pattern: string, packet: Value) => boolean;
    };
  }
}

const byteArrayMatcher = defineServiceFunction({
  name: "BYTEARRAY_MATCHER",
  summary: "Tells whether a byte pattern occurs in a packet.",
  params: [
    { name: "pattern", type: "string", about: "The pattern, in byteseek's syntax." },
    { name: "bytes", type: "any", about: "The packet's bytes: `packet` in a query for packets." },
  ],
  returns: "boolean",
  needs: ["packets"],
  examples: [],
  call: ({ packets }, pattern, bytes) =>
    pattern !== null && bytes !== null && packets.matches(pattern, bytes),
});

export const packets: Namespace = {
  name: "packets",
  summary: "Look into packets.",
  functions: [byteArrayMatcher],
};

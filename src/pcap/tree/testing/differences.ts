/** A field that tshark or we have at a place where the other does not. */
export type Difference = {
  readonly field: string;
  /** `name@start+size`. */
  readonly at: string;
  readonly place: string;
  readonly whose: "ours" | "theirs";
  /** The layers that tshark has. */
  readonly protocols: string;
};

/** Every way in which the two readings may differ, and why. */
export const EXPLAINED: readonly {
  readonly why: string;
  readonly is: (difference: Difference) => boolean;
}[] = [
  {
    why: "tshark shows of a question in DNS only the flags that mean something in one",
    is: ({ field, whose }) => whose === "ours" && field.startsWith("dns.flags."),
  },
  {
    why: "lines of a header have the name of their field alone where they have one; tshark repeats them as lines",
    is: ({ field, whose }) => whose === "theirs" && /^http\.(request|response)\.line$/.test(field),
  },
  {
    why: "tshark gives IPv6 a hidden version of IP as well",
    is: ({ field, whose }) => whose === "theirs" && field === "ip.version",
  },
  {
    why: "bytes that nobody reads are one layer here; tshark guesses other protocols or cuts them by its own",
    is: ({ field }) => field === "data.data",
  },
  {
    why: "what an ICMP message quotes is read up to its transport; tshark reads payloads as well",
    is: ({ whose, protocols }) => whose === "theirs" && /icmp/.test(protocols),
  },
  {
    why: "tshark leaves the state of a checksum away that it does not verify",
    is: ({ field }) => field.endsWith(".checksum.status"),
  },
  {
    why: "FabricPath and other links between switches are not read as trees",
    is: ({ protocols }) => protocols.startsWith("eth:cfp"),
  },
  {
    why: "tshark tells text protocols by the conversation and what it saw before; a tree has one packet and its marks",
    is: ({ field }) => /^(http|ftp|smtp|ssh)\./.test(field),
  },
];

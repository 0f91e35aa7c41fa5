/** What a query can say, as the help beside the query shows it; the guide has more (docs/guide/search.md). */
export const QUERY_EXAMPLES: readonly (readonly [
  title: string,
  examples: readonly (readonly [query: string, meaning: string])[],
])[] = [
  [
    "A field and its value",
    [
      ["protocol:dns", "the field holds exactly this value"],
      ['host:"www.example.com"', "a value with spaces or signs stands in double quotes"],
      ["ip_src_addr:(10.0.0.5 OR 10.0.0.6)", "one of several"],
      ["threat.triage.score:>50", "also >=, <, <=, and [40 TO 70]"],
      ["_exists_:host", "the field is there and not empty"],
    ],
  ],
  [
    "A part of a value",
    [
      ["host:*.example.com", "* stands for any characters, ? for one"],
      ["ip_dst_addr:10.0.0.0/8", "a network"],
      ["example", "a word alone: anywhere in the message, in any case"],
    ],
  ],
  [
    "Together",
    [
      ["protocol:dns AND NOT host:*.example.com", "AND, OR and NOT in capitals"],
      ["protocol:(dns OR tls) AND is_alert:true", "AND binds tighter than OR"],
    ],
  ],
  [
    "Times",
    [
      ["timestamp:>now-36h", "the last 36 hours"],
      ["timestamp:[now-1d/d TO now/d}", "yesterday"],
    ],
  ],
];

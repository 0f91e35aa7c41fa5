/**
 * Shapes of Cisco ASA message bodies by tag (Cisco ASA Series Syslog Messages), as far as Metron reads fields from
 * them. A user may follow an address; `source` is the address printed first, also for outbound traffic.
 */
const USER = "<user>";
const CONNECTION =
  "<action>[ <inbound|outbound>] <protocol> connection <number> for <any>:<src>/<sport>" +
  `[ (<address>/<number>)]${USER} to <any>:<dst>/<dport>`;
const ICMP_CONNECTION =
  `<action>[ <inbound|outbound>] <protocol> connection for faddr <dst>/<number>${USER}` +
  " gaddr <address>/<number> laddr <src>/<number>";
const TRANSLATION = `<action> <static|dynamic> <protocol> translation from <any>:<src>[/<sport>]${USER} to <any>:<address>/<number>`;
const ICMP = "<action> <protocol> type=<number>, code=<number> from <src> on interface ";
const DENY =
  `<action> <inbound|outbound|Inbound|Outbound> <protocol> <from|src> <src>/<sport>${USER}` +
  ` <to|dst> <dst>/<dport>${USER} <on interface |due to >`;
const TUNNEL =
  "<protocol>: An <inbound|outbound> <any> SA (SPI= <any>) between <src> and <dst> (user= <any>) has been <action>";
const REQUEST = "<protocol> <request|access> <action> from <src>/<sport> to <any>:<dst>/<dport>";
const LOCAL_HOST = `<action> <word> <any>:<src>[/<sport>]${USER}`;

/** By tag, with the level that the original expects. */
export const SHAPES: Readonly<Record<string, string>> = {
  "ASA-1-106021": "<action> <protocol> reverse path check from <src> to <dst> on interface ",
  "ASA-2-106001":
    "<Inbound|Outbound> <protocol> connection <action> from <src>/<sport> to <dst>/<dport> flags <any> on interface ",
  "ASA-2-106006": DENY,
  "ASA-2-106007": DENY,
  "ASA-2-106010": DENY,
  "ASA-3-106014": `<action> <inbound|outbound|Inbound|Outbound> <protocol> src <any>:<src>${USER} dst <any>:<dst>${USER} (type <number>, code <number>)`,
  "ASA-3-313001": ICMP,
  "ASA-3-313004": ICMP,
  "ASA-3-313008": ICMP,
  "ASA-4-106023": `<action> <protocol> src <any>:<src>[/<sport>]${USER} dst <any>:<dst>[/<dport>]${USER}[ (type <number>, code <number>)] by access-group `,
  "ASA-4-313005": "<any> for <protocol> error message: <any> Original IP payload: <word> src ",
  "ASA-4-402117": "<protocol>: Received a non-IPSec packet (protocol= <any>) from <src> to <dst>",
  "ASA-4-402119":
    "<protocol>: Received an <word> packet (SPI= <any>, sequence number= <any>) from <src> (user= <any>) to <dst> that failed anti-replay checking",
  "ASA-4-419001": "<action> <protocol> packet from <any>:<src>/<sport> to <any>:<dst>/<dport>, reason: ",
  "ASA-4-419002":
    "<any> from <any>:<src>/<sport> to <any>:<dst>/<dport> with different initial sequence number",
  "ASA-4-500004": "<any> for protocol=<protocol>, from <src>/<sport> to <dst>/<dport>",
  "ASA-5-106100": `access-list <any> <action> <protocol> <any>/<src>(<sport>)${USER} -> <any>/<dst>(<dport>)${USER} hit-cnt <number> `,
  "ASA-5-713041": "[Group = <any>, ]IP = <src>, IKE Initiator: ",
  // Two blanks, as the original demands.
  "ASA-6-106015":
    "<action> <protocol> (<any>) from <src>/<sport> to <dst>/<dport> flags <any>  on interface ",
  "ASA-6-110002": "<any> for <protocol> from <any>:<src>/<sport> to <dst>/<dport>",
  "ASA-6-302013": CONNECTION,
  "ASA-6-302014": CONNECTION,
  "ASA-6-302015": CONNECTION,
  "ASA-6-302016": CONNECTION,
  "ASA-6-302020": ICMP_CONNECTION,
  "ASA-6-302021": ICMP_CONNECTION,
  "ASA-6-305011": TRANSLATION,
  "ASA-6-305012": TRANSLATION,
  "ASA-6-602303": TUNNEL,
  "ASA-6-602304": TUNNEL,
  "ASA-6-713172": "Group = <any>, IP = <src>, Automatic NAT Detection Status: ",
  "ASA-7-609001": LOCAL_HOST,
  "ASA-7-609002": LOCAL_HOST,
  "ASA-7-710001": REQUEST,
  "ASA-7-710002": REQUEST,
  "ASA-7-710003": REQUEST,
  "ASA-7-710005": REQUEST,
  "ASA-7-710006": REQUEST,
};

const INTERFACE = "[<word>:]";
const DENY_TO = `src ${INTERFACE}<src>[/<sport>]${USER} dst ${INTERFACE}<dst>[/<dport>]${USER}`;

/**
 * Forms that the original does not read, by the digits that name the message: tried when the one above does not fit.
 * Protocols without ports, and interfaces where older versions write none.
 */
export const MORE_SHAPES: Readonly<Record<string, readonly string[]>> = {
  "106016": ["<action> <protocol> spoof from (<src>) to <dst> on interface "],
  "106017": ["<action> <protocol> due to Land Attack from <src> to <dst>"],
  "106022": ["<action> <protocol> connection spoof from <src> to <dst> on interface "],
  "605004": ["Login <action> from <src>/<sport> to <any>:<dst>/"],
  "605005": ["Login <action> from <src>/<sport> to <any>:<dst>/"],
  "106006": [
    `<action> <inbound|outbound|Inbound|Outbound> <protocol> <from|src> ${INTERFACE}<src>[/<sport>]${USER} <to|dst> ${INTERFACE}<dst>[/<dport>]${USER}`,
  ],
  "106007": [
    `<action> <inbound|outbound|Inbound|Outbound> <protocol> <from|src> ${INTERFACE}<src>[/<sport>]${USER} <to|dst> ${INTERFACE}<dst>[/<dport>]${USER}`,
  ],
  "106010": [`<action> <inbound|outbound|Inbound|Outbound> <protocol> ${DENY_TO}`],
  "106014": [`<action> <inbound|outbound|Inbound|Outbound> <protocol> ${DENY_TO}`],
  "106015": ["<action> <protocol> (<any>) from <src>/<sport> to <dst>/<dport> flags "],
  "106023": [`<action> <protocol> ${DENY_TO}`],
  "106100": [
    `access-list <any> <action> <protocol> <any>/<src>[(<sport>)]${USER} -> <any>/<dst>[(<dport>)]${USER} hit-cnt `,
  ],
  "302020": [
    `<action>[ <inbound|outbound>] <protocol> connection for faddr <dst>/<number>${USER} gaddr <address>/<number>${USER} laddr <src>/<number>`,
  ],
  "302021": [
    `<action>[ <inbound|outbound>] <protocol> connection for faddr <dst>/<number>${USER} gaddr <address>/<number>${USER} laddr <src>/<number>`,
  ],
  "710006": ["<protocol> <request|access> <action> from <src>[/<sport>] to <any>:<dst>[/<dport>]"],
};

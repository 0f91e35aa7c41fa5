/**
 * Patterns every Grok pattern may refer to: the names that logstash documents, in our own wording. What a pattern
 * captures inside becomes a field of the message, so parts that must not are named UNWANTED.
 */
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|[01]?\d{1,2})`;
const GROUP = "[0-9A-Fa-f]{1,4}";
const EMBEDDED = String.raw`${OCTET}(?:\.${OCTET}){3}`;

/** All spellings of an IPv6 address (RFC 4291, 2.2): eight groups, or fewer around one `::`, the last two maybe as IPv4. */
function ipv6(): string {
  const forms = [`(?:${GROUP}:){7}${GROUP}`, `(?:${GROUP}:){6}${EMBEDDED}`];
  for (let left = 7; left >= 0; left--) {
    const right = 7 - left;
    const head = left === 0 ? ":" : `(?:${GROUP}:){${left}}`;
    const tail: string[] = [];
    if (right >= 2) tail.push(`(?::${GROUP}){0,${right - 2}}:${EMBEDDED}`);
    tail.push(right === 0 ? ":" : `(?:(?::${GROUP}){1,${right}}|:)`);
    forms.push(`${head}(?:${tail.join("|")})`);
  }
  return `(?:${forms.join("|")})(?:%\\S+)?`;
}

export const BASE_PATTERNS: Readonly<Record<string, string>> = {
  USERNAME: String.raw`[\w.-]+`,
  USER: "%{USERNAME:UNWANTED}",
  INT: String.raw`(?:[+-]?\d+)`,
  BASE10NUM: String.raw`(?<![\d.+-])(?>[+-]?(?:\d+(?:\.\d+)?|\.\d+))`,
  NUMBER: "(?:%{BASE10NUM:UNWANTED})",
  BASE16NUM: "(?<![0-9A-Fa-f])(?:[+-]?(?:0x)?[0-9A-Fa-f]+)",
  BASE16FLOAT: String.raw`\b(?<![0-9A-Fa-f.])(?:[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+))\b`,
  POSINT: String.raw`\b(?:[1-9]\d*)\b`,
  NONNEGINT: String.raw`\b(?:\d+)\b`,
  WORD: String.raw`\b\w+\b`,
  NOTSPACE: String.raw`\S+`,
  SPACE: String.raw`\s*`,
  DATA: ".*?",
  GREEDYDATA: ".*",
  QUOTEDSTRING: String.raw`(?<!\\)(?:"(?:\\.|[^\\"])*"|'(?:\\.|[^\\'])*'|${"`"}(?:\\.|[^\\${"`"}])*${"`"})`,
  QS: "%{QUOTEDSTRING:UNWANTED}",
  UUID: "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",

  CISCOMAC: String.raw`(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}`,
  WINDOWSMAC: "(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}",
  COMMONMAC: "(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}",
  MAC: "(?:%{CISCOMAC:UNWANTED}|%{WINDOWSMAC:UNWANTED}|%{COMMONMAC:UNWANTED})",
  IPV6: ipv6(),
  IPV4: String.raw`(?<!\d)${EMBEDDED}(?!\d)`,
  IP: "(?:%{IPV6:UNWANTED}|%{IPV4:UNWANTED})",
  HOSTNAME: String.raw`\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*(?:\.|\b)`,
  HOST: "%{HOSTNAME:UNWANTED}",
  IPORHOST: "(?:%{HOSTNAME:UNWANTED}|%{IP:UNWANTED})",
  HOSTPORT: "(?:%{IPORHOST}:%{POSINT:PORT})",

  PATH: "(?:%{UNIXPATH}|%{WINPATH})",
  UNIXPATH: String.raw`(?:/(?:[\w%!$@:.,~-]+|\\.)*)+`,
  TTY: String.raw`(?:/dev/(?:pts|tty(?:[pq])?)\w*/?\d*)`,
  WINPATH: String.raw`(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+`,
  URIPROTO: String.raw`[A-Za-z]+(?:\+[A-Za-z+]+)?`,
  URIHOST: "%{IPORHOST}(?::%{POSINT:port})?",
  URIPATH: String.raw`(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%_\-]*)+`,
  URIPARAM: String.raw`\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]]*`,
  URIPATHPARAM: "%{URIPATH}(?:%{URIPARAM})?",
  URI: "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",

  MONTH: String.raw`\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b`,
  MONTHNUM: "(?:0?[1-9]|1[0-2])",
  MONTHDAY: String.raw`(?:0[1-9]|[12]\d|3[01]|[1-9])`,
  DAY: "(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)",
  YEAR: String.raw`(?>\d\d){1,2}`,
  HOUR: String.raw`(?:2[0-3]|[01]?\d)`,
  MINUTE: String.raw`(?:[0-5]\d)`,
  SECOND: String.raw`(?:(?:[0-5]\d|60)(?:[:.,]\d+)?)`,
  TIME: String.raw`(?<!\d)%{HOUR}:%{MINUTE}(?::%{SECOND})(?!\d)`,
  DATE_US: "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
  DATE_EU: "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
  ISO8601_TIMEZONE: "(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
  ISO8601_SECOND: "(?:%{SECOND}|60)",
  TIMESTAMP_ISO8601:
    "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?",
  DATE: "%{DATE_US}|%{DATE_EU}",
  DATESTAMP: "%{DATE}[- ]%{TIME}",
  TZ: "(?:[PMCE][SD]T|UTC)",
  DATESTAMP_RFC822: "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
  DATESTAMP_OTHER: "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
  HTTPDATE: "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",

  SYSLOGTIMESTAMP: "%{MONTH} +%{MONTHDAY} %{TIME}",
  PROG: String.raw`(?:[\w./%-]+)`,
  SYSLOGPROG: String.raw`%{PROG:program}(?:\[%{POSINT:pid}\])?`,
  SYSLOGHOST: "%{IPORHOST}",
  SYSLOGFACILITY: "<%{NONNEGINT:facility}.%{NONNEGINT:priority}>",
  SYSLOGBASE: "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:",
  COMMONAPACHELOG: String.raw`%{IPORHOST:clientip} %{USER:ident} %{USER:auth} \[%{HTTPDATE:timestamp}\] "(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" %{NUMBER:response} (?:%{NUMBER:bytes}|-)`,
  COMBINEDAPACHELOG: "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
  LOGLEVEL:
    "(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo|INFO|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|EMERG(?:ENCY)?|[Ee]merg(?:ency)?)",
};

const YAF_COLUMNS: readonly (readonly [pattern: string, field: string])[] = [
  ["NUMBER", "duration"],
  ["NUMBER", "rtt"],
  ["INT", "protocol"],
  ["IP", "ip_src_addr"],
  ["INT", "ip_src_port"],
  ["IP", "ip_dst_addr"],
  ["INT", "ip_dst_port"],
  ["YAF_CELL", "iflags"],
  ["YAF_CELL", "uflags"],
  ["YAF_CELL", "riflags"],
  ["YAF_CELL", "ruflags"],
  ["WORD", "isn"],
  ["YAF_CELL", "risn"],
  ["YAF_CELL", "tag"],
  ["YAF_CELL", "rtag"],
  ["INT", "pkt"],
  ["INT", "oct"],
  ["INT", "rpkt"],
  ["INT", "roct"],
  ["INT", "app"],
  ["YAF_CELL", "end_reason"],
];

/** Pattern files the original ships, by their `grokPath`. */
export const PATTERN_FILES: Readonly<Record<string, readonly string[]>> = {
  "/patterns/squid": [
    "SQUID_DELIMITED %{NUMBER:timestamp} +%{INT:elapsed} %{IP:ip_src_addr} %{WORD:action}/%{NUMBER:code} " +
      "%{NUMBER:bytes} %{WORD:method} %{NOTSPACE:url}[^0-9]*(?:%{IP:ip_dst_addr})?",
    // Ours: every column of Squid's native format, of which a dash means nothing.
    "SQUID %{NUMBER:timestamp} +%{INT:elapsed} (?:%{IP:ip_src_addr}|%{NOTSPACE:src_host}) (?:-|%{NOTSPACE:action})/%{NUMBER:code} " +
      "%{NUMBER:bytes} (?:-|%{NOTSPACE:method}) %{NOTSPACE:url} (?:-|%{NOTSPACE:user}) %{WORD:hierarchy}/(?:-|%{IP:ip_dst_addr}|%{NOTSPACE:peer_host})(?: (?:-|%{NOTSPACE:content_type}))?",
  ],
  "/patterns/websphere": [
    "WEBSPHERE_TIME %{MONTH:UNWANTED} +%{MONTHDAY:UNWANTED} %{HOUR:UNWANTED}:%{MINUTE:UNWANTED}:%{SECOND:UNWANTED}",
    String.raw`WEBSPHERE (?:<%{POSINT:priority}>)?%{WEBSPHERE_TIME:timestamp_string} %{HOSTNAME:hostname} (?:\[%{WORD:security_domain}\])?\[%{WORD:event_code}\]\[%{WORD:event_type}\]\[%{WORD:severity}\] %{GREEDYDATA:message}`,
  ],
  "/patterns/yaf": [
    // Not DATA: eight of those in a row make a damaged line cost minutes.
    "YAF_CELL [^|]*",
    "YAF_TIME %{YEAR:UNWANTED}-%{MONTHNUM:UNWANTED}-%{MONTHDAY:UNWANTED}[T ]%{HOUR:UNWANTED}:%{MINUTE:UNWANTED}:%{SECOND:UNWANTED}",
    `YAF_DELIMITED %{YAF_TIME:start_time}\\|%{YAF_TIME:end_time}${YAF_COLUMNS.map(
      ([pattern, field]) => `\\| *%{${pattern}:${field}}`,
    ).join("")}`,
  ],
};

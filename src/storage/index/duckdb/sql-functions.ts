/** Functions that compiled conditions call. An index that speaks DuckDB's SQL defines them once a database. */

const OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
/** What stands before an IPv4 address in a mapped one. */
const MAPPED = "00000000000000000000ffff";
const DOMAIN = "([A-Za-z0-9_-]+\\.)+([A-Za-z]{2,}|[Xx][Nn]--[A-Za-z0-9-]+)\\.?";
const URL_PARTS = "^([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*@)?([^/?#@]*?)\\.?(:[0-9]*)?([/?#].*)?$";

export const SQL_FUNCTIONS = [
  // The number of an IPv4 address written with dots, null for any other text.
  `CREATE OR REPLACE MACRO metron_dotted(address) AS CASE
    WHEN regexp_full_match(address, '${OCTET}(\\.${OCTET}){3}') THEN
      split_part(address, '.', 1)::BIGINT * 16777216 + split_part(address, '.', 2)::BIGINT * 65536
      + split_part(address, '.', 3)::BIGINT * 256 + split_part(address, '.', 4)::BIGINT END`,
  // An IPv6 address in lower case without brackets and zone, an IPv4 address at its end as two groups.
  `CREATE OR REPLACE MACRO metron_plain_ipv6(address) AS list_transform(
    [lower(regexp_replace(address, '^\\[?([^%]*?)(%[^\\]]+)?\\]?$', '\\1'))],
    lambda plain: CASE WHEN contains(plain, '.') THEN
      regexp_replace(plain, '[^:]*$', '') || coalesce(printf('%x:%x',
        metron_dotted(regexp_extract(plain, '[^:]*$')) // 65536,
        metron_dotted(regexp_extract(plain, '[^:]*$')) % 65536), 'none') ELSE plain END)[1]`,
  // An IPv6 address with groups of zeros in place of a double colon, of which neither end is bare.
  `CREATE OR REPLACE MACRO metron_spread(address) AS
    replace(address, '::', ':' || repeat('0:', 8 - length(address) + length(replace(address, ':', ''))))`,
  // Eight groups as 32 digits. Splitting eight times is three times as fast as one replacement by a pattern.
  `CREATE OR REPLACE MACRO metron_digits(groups) AS CASE
    WHEN regexp_full_match(groups, '[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}') THEN
      ${[1, 2, 3, 4, 5, 6, 7, 8].map((place) => `lpad(split_part(groups, ':', ${place}), 4, '0')`).join(" || ")} END`,
  // The 32 hexadecimal digits of an address written with colons, null for any other text.
  `CREATE OR REPLACE MACRO metron_hex(address) AS CASE
    WHEN NOT contains(address, ':') OR length(address) > 100 THEN NULL
    WHEN regexp_full_match(address, '[0-9A-Fa-f]{4}(:[0-9A-Fa-f]{4}){7}') THEN lower(replace(address, ':', ''))
    WHEN regexp_full_match(address, '\\[?[0-9A-Fa-f:.]+(%.+)?\\]?') THEN list_transform(
      [CASE WHEN regexp_matches(address, '[%.\\[]') THEN metron_plain_ipv6(address) ELSE lower(address) END],
      lambda plain: CASE WHEN contains(plain, '::')
        THEN list_transform([CASE WHEN starts_with(plain, '::') THEN '0' ELSE '' END || plain
            || CASE WHEN ends_with(plain, '::') THEN '0' ELSE '' END],
          lambda closed: metron_digits(metron_spread(closed)))[1]
        ELSE metron_digits(plain) END)[1] END`,
  // The number of an IPv4 address, also of one written as a mapped IPv6 one; null for any other text.
  `CREATE OR REPLACE MACRO metron_ipv4(address) AS CASE
    WHEN NOT contains(address, ':') THEN metron_dotted(address)
    WHEN regexp_matches(address, '(?i)ffff:') THEN list_transform([metron_hex(address)], lambda digits:
      CASE WHEN starts_with(digits, '${MAPPED}') THEN ('0x' || right(digits, 8))::BIGINT END)[1] END`,
  // The 32 hexadecimal digits of an IPv6 address that is no mapped IPv4 one; null for any other text.
  `CREATE OR REPLACE MACRO metron_ipv6(address) AS CASE WHEN contains(address, ':') THEN
    list_transform([metron_hex(address)], lambda digits: CASE WHEN NOT starts_with(digits, '${MAPPED}') THEN digits END)[1] END`,
  // The one spelling of an address written with colons.
  `CREATE OR REPLACE MACRO metron_address(digits) AS CASE
    WHEN starts_with(digits, '${MAPPED}') THEN array_to_string(list_transform([25, 27, 29, 31],
      lambda place: CAST(('0x' || substr(digits, place, 2))::INTEGER AS VARCHAR)), '.')
    ELSE list_transform([array_to_string(list_transform(range(8),
      lambda place: regexp_replace(substr(digits, CAST(place * 4 + 1 AS INTEGER), 4), '^0{1,3}', '')), ':')],
      lambda plain: CASE ${[8, 7, 6, 5, 4, 3, 2]
        .map((zeros) => {
          const run = `(^|:)0(:0){${zeros - 1}}(:|$)`;
          return `WHEN regexp_matches(plain, '${run}') THEN regexp_replace(plain, '${run}', '::')`;
        })
        .join(" ")} ELSE plain END)[1] END`,
  // A URL with its scheme and host in lower case, without the usual port.
  `CREATE OR REPLACE MACRO metron_url(url) AS list_transform([regexp_extract(url, '${URL_PARTS}',
      ['scheme', 'user', 'host', 'port', 'rest'])], lambda part:
    lower(part.scheme) || '://' || part.user || lower(part.host)
    || CASE WHEN lower(part.scheme) || part.port IN ('http:80', 'https:443', 'ws:80', 'wss:443', 'ftp:21', 'http:', 'https:')
      THEN '' ELSE part.port END
    || CASE WHEN starts_with(part.rest, '/') THEN '' ELSE '/' END || part.rest)[1]`,
  // The canonical key of a text of no declared meaning (src/schema/canonical.ts), but for names beyond ASCII.
  `CREATE OR REPLACE MACRO metron_key(value) AS CASE
    WHEN NOT regexp_matches(value, '[A-Z:]|[.]$') AND length(value) NOT IN (14, 17) THEN value
    WHEN length(value) NOT BETWEEN 2 AND 2048 OR regexp_matches(value, '[\\x00-\\x20"{}<>|^\`\\\\]') THEN value
    WHEN regexp_matches(value, '${URL_PARTS}') THEN metron_url(value)
    WHEN contains(value, ':') AND metron_hex(value) IS NOT NULL THEN list_transform([metron_hex(value)], lambda digits: metron_address(digits))[1]
    WHEN regexp_full_match(value, '[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(\\.[0-9A-Fa-f]{4}){2}')
      THEN regexp_replace(lower(regexp_replace(value, '[:.-]', '', 'g')), '(..)(..)(..)(..)(..)(..)', '\\1:\\2:\\3:\\4:\\5:\\6')
    WHEN regexp_full_match(value, '[0-9A-Fa-f]+|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+')
      AND length(replace(value, ':', '')) IN (32, 40, 56, 64, 96, 128) THEN lower(replace(value, ':', ''))
    WHEN regexp_full_match(value, '([^@<>()\\[\\],;:/]+@)?${DOMAIN}') THEN rtrim(lower(value), '.')
    ELSE value END`,
  // The texts of all values in a list or map, however deep; of any other value its own text.
  `CREATE OR REPLACE MACRO metron_values(json) AS CASE WHEN json_type(json) IN ('ARRAY', 'OBJECT') THEN
      list_transform(list_filter(json_extract(json, '$..*'), lambda element: left(CAST(element AS VARCHAR), 1) NOT IN ('[', '{')),
        lambda element: element ->> '$')
    ELSE [json ->> '$'] END`,
  // Whether a list or map holds a value that is not null.
  `CREATE OR REPLACE MACRO metron_holds(json) AS NOT regexp_full_match(json, '([\\[\\]{},]|null)*')`,
] as const;

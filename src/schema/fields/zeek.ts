import { type Field, field, mixed } from "../field.ts";

/** Zeek's conn.log, and what its other logs share with it. */
export const ZEEK_CONNECTIONS: readonly Field[] = [
  field("bro_timestamp", "instant", "Time of the record in seconds, as Zeek wrote it.", {
    unit: "s",
    ocsf: "metadata.original_time",
  }),
  field("uid", "text", "Zeek's name of the connection, shared by all its records.", {
    ocsf: "connection_info.uid",
  }),
  field("orig_bytes", "bytes", "Bytes of payload that the originator sent.", {
    ecs: "source.bytes",
    ocsf: "traffic.bytes_out",
  }),
  field("resp_bytes", "bytes", "Bytes of payload that the responder sent.", {
    ecs: "destination.bytes",
    ocsf: "traffic.bytes_in",
  }),
  field("orig_pkts", "count", "Packets that the originator sent.", {
    ecs: "source.packets",
    ocsf: "traffic.packets_out",
  }),
  field("resp_pkts", "count", "Packets that the responder sent.", {
    ecs: "destination.packets",
    ocsf: "traffic.packets_in",
  }),
  field("orig_ip_bytes", "bytes", "Bytes of the originator's packets, with their IP headers."),
  field("resp_ip_bytes", "bytes", "Bytes of the responder's packets, with their IP headers."),
  field("missed_bytes", "bytes", "Bytes of payload that Zeek did not see.", { ocsf: "traffic.bytes_missed" }),
  field("conn_state", "text", "How the connection went, such as SF or S0."),
  field("history", "text", "One letter per event of the connection, in order.", {
    ocsf: "connection_info.flag_history",
  }),
  field("local_orig", "truth", "Whether the originator is in a local network."),
  field("local_resp", "truth", "Whether the responder is in a local network."),
  field("tunnel_parents", "text", "Names of the tunnels that the connection ran through.", { isList: true }),
  field("orig_l2_addr", "mac", "Hardware address of the originator.", {
    ecs: "source.mac",
    ocsf: "src_endpoint.mac",
  }),
  field("resp_l2_addr", "mac", "Hardware address of the responder.", {
    ecs: "destination.mac",
    ocsf: "dst_endpoint.mac",
  }),
  field("orig_cc", "text", "Country of the originator, in two letters.", {
    ecs: "source.geo.country_iso_code",
    ocsf: "src_endpoint.location.country",
  }),
  field("resp_cc", "text", "Country of the responder, in two letters.", {
    ecs: "destination.geo.country_iso_code",
    ocsf: "dst_endpoint.location.country",
  }),
  field("ip_proto", "code", "Number of the IP protocol, where it is none of TCP, UDP and ICMP."),
  field("ongoing", "truth", "The connection still went on: a later record of the same uid tells all of it."),
  field("vlan", "code", "Number of the outer VLAN."),
  field("inner_vlan", "code", "Number of the inner VLAN."),
  field("id.orig_h", "address", "Address of the originator, where the record has another source address.", {
    ecs: "source.ip",
    ocsf: "src_endpoint.ip",
  }),
  field(
    "id.resp_h",
    "address",
    "Address of the responder, where the record has another destination address.",
    {
      ecs: "destination.ip",
      ocsf: "dst_endpoint.ip",
    },
  ),
];

/** dns.log */
export const ZEEK_DNS: readonly Field[] = [
  field("query", "domain", "Name that was asked for.", { ecs: "dns.question.name", ocsf: "query.hostname" }),
  field("trans_id", "code", "Number of the query.", { ecs: "dns.id" }),
  field("rtt", "duration", "Time from the question to the answer, in seconds.", { unit: "s" }),
  field("qclass", "code", "Number of the class of records."),
  field("qclass_name", "text", "Class of records.", { ecs: "dns.question.class", ocsf: "query.class" }),
  field("qtype", "code", "Number of the type of records."),
  field("qtype_name", "text", "Type of records.", { ecs: "dns.question.type", ocsf: "query.type" }),
  field("rcode", "code", "Number of the answer's code.", { ocsf: "rcode_id" }),
  field("rcode_name", "text", "The answer's code.", { ecs: "dns.response_code", ocsf: "rcode" }),
  field("AA", "truth", "Whether the server is responsible for the name."),
  field("TC", "truth", "Whether the answer was cut short."),
  field("RD", "truth", "Whether the client asks the server to ask others."),
  field("RA", "truth", "Whether the server asks others."),
  field("Z", "code", "The reserved bits of the header."),
  mixed("answers", "What was answered: addresses, names, texts.", {
    isList: true,
    ecs: "dns.answers.data",
    ocsf: "answers.rdata",
  }),
  field("TTLs", "duration", "How long each answer is good for, in seconds.", {
    isList: true,
    unit: "s",
    ecs: "dns.answers.ttl",
    ocsf: "answers.ttl",
  }),
  field("rejected", "truth", "Whether the server refused to answer."),
];

/** http.log */
export const ZEEK_HTTP: readonly Field[] = [
  field("trans_depth", "count", "How many requests the connection had so far."),
  field("uri", "text", "Path that was asked for.", { ecs: "url.original", ocsf: "http_request.url.path" }),
  field("referrer", "url", "Page that led there.", {
    ecs: "http.request.referrer",
    ocsf: "http_request.referrer",
  }),
  field("version", "text", "Version of the protocol."),
  field("origin", "url", "Value of the header Origin."),
  field("request_body_len", "bytes", "Bytes of the request's body.", {
    ecs: "http.request.body.bytes",
    ocsf: "http_request.length",
  }),
  field("response_body_len", "bytes", "Bytes of the response's body.", {
    ecs: "http.response.body.bytes",
    ocsf: "http_response.length",
  }),
  field("status_code", "code", "Status of the response.", {
    ecs: "http.response.status_code",
    ocsf: "http_response.code",
  }),
  field("status_msg", "text", "Words of the status.", { ocsf: "http_response.status" }),
  field("info_code", "code", "Last status of the kind 1xx."),
  field("info_msg", "text", "Its words."),
  field("tags", "text", "What Zeek noticed of the request.", { isList: true, ecs: "tags" }),
  field("password", "text", "Password that was sent."),
  field("proxied", "text", "Headers that proxies added.", { isList: true }),
  field("orig_fuids", "text", "Zeek's names of the files that the originator sent.", { isList: true }),
  field("resp_fuids", "text", "Zeek's names of the files that the responder sent.", { isList: true }),
  field("orig_filenames", "text", "Names of the files that the originator sent.", { isList: true }),
  field("resp_filenames", "text", "Names of the files that the responder sent.", { isList: true }),
  field("orig_mime_types", "text", "Types of the files that the originator sent.", { isList: true }),
  field("resp_mime_types", "text", "Types of the files that the responder sent.", { isList: true }),
];

import { type Field, field, mixed } from "../field.ts";

/** Suricata's EVE records. */
export const SURICATA: readonly Field[] = [
  field("flow_id", "code", "Suricata's number of the flow, shared by all its records.", {
    ocsf: "connection_info.uid",
  }),
  field("in_iface", "text", "Interface that the packet came in by.", {
    ecs: "observer.ingress.interface.name",
  }),
  field("app_proto", "text", "Protocol of the application.", { ecs: "network.protocol", ocsf: "app_name" }),
  field("tx_id", "code", "Number of the transaction in its flow."),
  field("icmp_type", "code", "Type of the ICMP message."),
  field("icmp_code", "code", "Code of the ICMP message."),
  field("payload", "text", "Payload of the packet in base64."),
  field("payload_printable", "text", "Payload of the packet, as far as it can be printed."),
  field("metadata.flowbits", "text", "Names that signatures have set for the flow.", { isList: true }),
  field("alert.action", "text", "What was done: allowed or blocked.", { ocsf: "action" }),
  field("alert.gid", "code", "Number of the generator."),
  field("alert.signature_id", "code", "Number of the signature.", {
    ecs: "rule.id",
    ocsf: "finding_info.uid",
  }),
  field("alert.rev", "code", "Revision of the signature.", { ecs: "rule.version" }),
  field("alert.signature", "text", "What the signature detects.", {
    ecs: "rule.name",
    ocsf: "finding_info.title",
  }),
  field("alert.category", "text", "Class of the signature.", { ecs: "rule.category" }),
  field("alert.severity", "code", "Severity of the signature, 1 being the worst.", { ecs: "event.severity" }),
  field("flow.bytes_toserver", "bytes", "Bytes to the server.", {
    ecs: "source.bytes",
    ocsf: "traffic.bytes_out",
  }),
  field("flow.bytes_toclient", "bytes", "Bytes to the client.", {
    ecs: "destination.bytes",
    ocsf: "traffic.bytes_in",
  }),
  field("flow.pkts_toserver", "count", "Packets to the server.", {
    ecs: "source.packets",
    ocsf: "traffic.packets_out",
  }),
  field("flow.pkts_toclient", "count", "Packets to the client.", {
    ecs: "destination.packets",
    ocsf: "traffic.packets_in",
  }),
  field("flow.age", "duration", "How long the flow lasted, in seconds.", { unit: "s", ocsf: "duration" }),
  field("flow.state", "text", "State of the flow."),
  field("flow.reason", "text", "Why the flow ended."),
  field("flow.alerted", "truth", "Whether a signature matched in the flow."),
  field("netflow.bytes", "bytes", "Bytes one way."),
  field("netflow.pkts", "count", "Packets one way."),
  field("netflow.age", "duration", "How long it lasted, in seconds.", { unit: "s", ocsf: "duration" }),
  field("http.hostname", "host", "Server that was asked.", {
    ecs: "url.domain",
    ocsf: "http_request.url.hostname",
  }),
  field("http.url", "text", "Path that was asked for.", {
    ecs: "url.original",
    ocsf: "http_request.url.path",
  }),
  field("http.http_method", "text", "Method of the request.", {
    ecs: "http.request.method",
    ocsf: "http_request.http_method",
  }),
  field("http.http_user_agent", "text", "Program that asked, as it calls itself.", {
    ecs: "user_agent.original",
    ocsf: "http_request.user_agent",
  }),
  field("http.http_refer", "url", "Page that led there.", {
    ecs: "http.request.referrer",
    ocsf: "http_request.referrer",
  }),
  field("http.status", "code", "Status of the response.", {
    ecs: "http.response.status_code",
    ocsf: "http_response.code",
  }),
  field("http.length", "bytes", "Bytes of the response's body.", {
    ecs: "http.response.body.bytes",
    ocsf: "http_response.length",
  }),
  field("http.http_content_type", "text", "Type of the response's body.", {
    ocsf: "http_response.content_type",
  }),
  field("dns.type", "text", "Query or answer.", { ecs: "dns.type" }),
  field("dns.id", "code", "Number of the query.", { ecs: "dns.id" }),
  field("dns.rrname", "domain", "Name that was asked for.", {
    ecs: "dns.question.name",
    ocsf: "query.hostname",
  }),
  field("dns.rrtype", "text", "Type of records.", { ecs: "dns.question.type", ocsf: "query.type" }),
  field("dns.rcode", "text", "The answer's code.", { ecs: "dns.response_code", ocsf: "rcode" }),
  mixed("dns.rdata", "What was answered.", { ecs: "dns.answers.data", ocsf: "answers.rdata" }),
  field("dns.ttl", "duration", "How long the answer is good for, in seconds.", {
    unit: "s",
    ecs: "dns.answers.ttl",
    ocsf: "answers.ttl",
  }),
  field("dns.tx_id", "code", "Number of the transaction in its flow."),
  field("tls.sni", "host", "Server that the client asked for."),
  field("tls.subject", "text", "Whom the certificate names."),
  field("tls.issuerdn", "text", "Who issued the certificate."),
  field("tls.serial", "text", "Serial number of the certificate."),
  field("tls.fingerprint", "hash", "Fingerprint of the certificate."),
  field("tls.version", "text", "Version of the protocol."),
  field("tls.ja3.hash", "hash", "Fingerprint of the client's handshake (JA3)."),
  field("tls.ja3s.hash", "hash", "Fingerprint of the server's handshake (JA3S)."),
  field("fileinfo.filename", "path", "Name of the file.", { ecs: "file.path" }),
  field("fileinfo.size", "bytes", "Bytes of the file.", { ecs: "file.size" }),
  field("fileinfo.state", "text", "Whether the whole file was seen."),
  field("fileinfo.md5", "hash", "MD5 of the file.", { ecs: "file.hash.md5" }),
  field("fileinfo.sha1", "hash", "SHA-1 of the file.", { ecs: "file.hash.sha1" }),
  field("fileinfo.sha256", "hash", "SHA-256 of the file.", { ecs: "file.hash.sha256" }),
];

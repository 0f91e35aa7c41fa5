import { type Field, field, mixed } from "../field.ts";

/** What the headers of CEF and LEEF say. */
export const EVENT_HEADER: readonly Field[] = [
  field("DeviceVendor", "text", "Maker of the device.", {
    ecs: "observer.vendor",
    ocsf: "metadata.product.vendor_name",
  }),
  field("DeviceProduct", "text", "The device.", { ecs: "observer.product", ocsf: "metadata.product.name" }),
  field("DeviceVersion", "text", "Its version.", {
    ecs: "observer.version",
    ocsf: "metadata.product.version",
  }),
  field("DeviceEvent", "text", "Kind of the message, as the device numbers them.", {
    ecs: "event.code",
    ocsf: "metadata.event_code",
  }),
];

/** CEF: the rest of its header, and keys of its dictionary (ArcSight Common Event Format, "Extension dictionary"). */
export const CEF: readonly Field[] = [
  field("Name", "text", "Kind of the message in words."),
  field("Severity", "code", "Severity from 0 to 10.", { ecs: "event.severity" }),
  field("severity_text", "text", "Severity as a word, when the device wrote one.", { ecs: "log.level" }),
  field("deviceAction", "text", "What the device did.", { ecs: "event.action" }),
  field("rt", "instant", "When the device received or noticed it.", { ocsf: "metadata.original_time" }),
  field("start", "instant", "When it began.", { ecs: "event.start", ocsf: "start_time" }),
  field("end", "instant", "When it ended.", { ecs: "event.end", ocsf: "end_time" }),
  field("art", "instant", "When ArcSight's agent received it."),
  field("mrt", "instant", "When ArcSight's manager received it."),
  field("in", "bytes", "Bytes from the destination to the source.", {
    ecs: "destination.bytes",
    ocsf: "traffic.bytes_in",
  }),
  field("out", "bytes", "Bytes from the source to the destination.", {
    ecs: "source.bytes",
    ocsf: "traffic.bytes_out",
  }),
  field("cnt", "count", "How often it happened.", { ocsf: "count" }),
  field("cat", "text", "Class of the message."),
  field("externalId", "text", "Number of the message at the device."),
  field("outcome", "text", "How it ended.", { ecs: "event.outcome" }),
  field("request", "url", "Address that was asked for.", { ecs: "url.original" }),
  field("requestMethod", "text", "Method of the request.", {
    ecs: "http.request.method",
    ocsf: "http_request.http_method",
  }),
  field("requestClientApplication", "text", "Program that asked, as it calls itself.", {
    ecs: "user_agent.original",
    ocsf: "http_request.user_agent",
  }),
  field("requestContext", "text", "Where the request came from."),
  field("shost", "host", "Source host.", { ecs: "source.domain", ocsf: "src_endpoint.hostname" }),
  field("dhost", "host", "Destination host.", { ecs: "destination.domain", ocsf: "dst_endpoint.hostname" }),
  mixed("dvc", "Address of the device; of FireEye several with commas between them.", { ecs: "observer.ip" }),
  field("dvchost", "host", "Name of the device.", { ecs: "observer.hostname" }),
  field("smac", "mac", "Hardware address of the source.", { ecs: "source.mac", ocsf: "src_endpoint.mac" }),
  field("dmac", "mac", "Hardware address of the destination.", {
    ecs: "destination.mac",
    ocsf: "dst_endpoint.mac",
  }),
  field("suser", "user", "User at the source.", { ecs: "source.user.name" }),
  field("duser", "user", "User at the destination.", { ecs: "destination.user.name" }),
  field("sproc", "text", "Program at the source."),
  field("dproc", "text", "Program at the destination."),
  field("spid", "code", "Process at the source."),
  field("dpid", "code", "Process at the destination."),
  field("fname", "text", "Name of the file.", { ecs: "file.name" }),
  field("filePath", "path", "Path of the file.", { ecs: "file.path" }),
  field("fsize", "bytes", "Bytes of the file.", { ecs: "file.size" }),
  field("fileHash", "hash", "Hash of the file."),
  field("sourceTranslatedAddress", "address", "Source behind address translation.", { ecs: "source.nat.ip" }),
  field("sourceTranslatedPort", "port", "Its port.", { ecs: "source.nat.port" }),
  field("destinationTranslatedAddress", "address", "Destination behind address translation.", {
    ecs: "destination.nat.ip",
  }),
  field("destinationTranslatedPort", "port", "Its port.", { ecs: "destination.nat.port" }),
  field("deviceInboundInterface", "text", "Interface that the traffic came in by.", {
    ecs: "observer.ingress.interface.name",
  }),
  field("deviceOutboundInterface", "text", "Interface that the traffic went out by.", {
    ecs: "observer.egress.interface.name",
  }),
  mixed("c6a#", "An IPv6 address of the device's own."),
  mixed("cs#", "A text of the device's own."),
  mixed("cn#", "A number of the device's own."),
  mixed("cfp#", "A number of the device's own."),
  field("*Label", "text", "What the field of the same name without `Label` holds."),
];

/** LEEF: attributes of its dictionary (QRadar LEEF, "Predefined LEEF event attributes"). */
export const LEEF: readonly Field[] = [
  field("devTime", "text", "Time as the device wrote it.", { ocsf: "metadata.original_time" }),
  field("devTimeFormat", "text", "Pattern of that time."),
  field("sev", "code", "Severity from 1 to 10.", { ecs: "event.severity" }),
  field("usrName", "user", "User name.", { ecs: "user.name" }),
  field("identSrc", "address", "Address of the user."),
  field("identHostName", "host", "Host of the user."),
  field("identMAC", "mac", "Hardware address of the user."),
  field("srcMAC", "mac", "Hardware address of the source.", { ecs: "source.mac", ocsf: "src_endpoint.mac" }),
  field("dstMAC", "mac", "Hardware address of the destination.", {
    ecs: "destination.mac",
    ocsf: "dst_endpoint.mac",
  }),
  field("srcPreNAT", "address", "Source before address translation."),
  field("dstPreNAT", "address", "Destination before address translation."),
  field("srcPostNAT", "address", "Source behind address translation.", { ecs: "source.nat.ip" }),
  field("dstPostNAT", "address", "Destination behind address translation.", { ecs: "destination.nat.ip" }),
  field("srcPostNATPort", "port", "Source port behind address translation.", { ecs: "source.nat.port" }),
  field("dstPostNATPort", "port", "Destination port behind address translation.", {
    ecs: "destination.nat.port",
  }),
  field("srcBytes", "bytes", "Bytes from the source to the destination.", {
    ecs: "source.bytes",
    ocsf: "traffic.bytes_out",
  }),
  field("dstBytes", "bytes", "Bytes from the destination to the source.", {
    ecs: "destination.bytes",
    ocsf: "traffic.bytes_in",
  }),
  field("totalBytes", "bytes", "Bytes both ways.", { ecs: "network.bytes", ocsf: "traffic.bytes" }),
  field("srcPackets", "count", "Packets from the source to the destination.", {
    ecs: "source.packets",
    ocsf: "traffic.packets_out",
  }),
  field("dstPackets", "count", "Packets from the destination to the source.", {
    ecs: "destination.packets",
    ocsf: "traffic.packets_in",
  }),
  field("totalPackets", "count", "Packets both ways.", { ecs: "network.packets", ocsf: "traffic.packets" }),
  field("policy", "text", "Policy that decided it."),
  field("resource", "text", "What was used."),
];

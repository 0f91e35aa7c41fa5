import { type Field, field, mixed } from "../field.ts";

/** The ends of the traffic, as every parser calls them. */
export const ENDS: readonly Field[] = [
  field("ip_src_addr", "address", "Source address.", { ecs: "source.ip", ocsf: "src_endpoint.ip" }),
  field("ip_src_port", "port", "Source port.", { ecs: "source.port", ocsf: "src_endpoint.port" }),
  field("ip_dst_addr", "address", "Destination address.", {
    ecs: "destination.ip",
    ocsf: "dst_endpoint.ip",
  }),
  field("ip_dst_port", "port", "Destination port.", { ecs: "destination.port", ocsf: "dst_endpoint.port" }),
  field("protocol", "text", "Protocol; of Zeek, the log type."),
];

/** What several sensors say of traffic under the same name. */
export const TRAFFIC: readonly Field[] = [
  field("community_id", "text", "Name of the flow that all tools compute alike (Community ID).", {
    ecs: "network.community_id",
    ocsf: "connection_info.community_uid",
  }),
  field("proto", "text", "Transport protocol.", {
    ecs: "network.transport",
    ocsf: "connection_info.protocol_name",
  }),
  field("service", "text", "Protocol of the application, or the service that is asked for.", {
    ecs: "network.protocol",
    ocsf: "app_name",
  }),
  field("app", "text", "Application that was recognised.", { ecs: "network.application", ocsf: "app_name" }),
  field("direction", "text", "Which way the traffic goes.", {
    ecs: "network.direction",
    ocsf: "connection_info.direction",
  }),
  field("duration", "duration", "How long it took, in seconds.", { unit: "s", ocsf: "duration" }),
  field("bytes", "bytes", "Bytes both ways.", { ecs: "network.bytes", ocsf: "traffic.bytes" }),
  field("bytes_in", "bytes", "Bytes from the destination to the source.", {
    ecs: "destination.bytes",
    ocsf: "traffic.bytes_in",
  }),
  field("bytes_out", "bytes", "Bytes from the source to the destination.", {
    ecs: "source.bytes",
    ocsf: "traffic.bytes_out",
  }),
  field("bytes_sent", "bytes", "Bytes from the source to the destination.", {
    ecs: "source.bytes",
    ocsf: "traffic.bytes_out",
  }),
  field("bytes_received", "bytes", "Bytes from the destination to the source.", {
    ecs: "destination.bytes",
    ocsf: "traffic.bytes_in",
  }),
  field("packets", "count", "Packets both ways.", { ecs: "network.packets", ocsf: "traffic.packets" }),
  field("action", "text", "What the device did.", { ecs: "event.action" }),
  field("user", "user", "User name.", { ecs: "user.name" }),
  field("username", "user", "User name.", { ecs: "user.name" }),
  field("host", "host", "Host name or address; whose it is depends on the sensor."),
  field("hostname", "host", "Host that wrote the message.", { ecs: "host.hostname" }),
  field("url", "url", "Address of what was asked for.", { ecs: "url.original" }),
  field("method", "text", "Method of the HTTP request.", {
    ecs: "http.request.method",
    ocsf: "http_request.http_method",
  }),
  field("user_agent", "text", "Program that asked, as it calls itself.", {
    ecs: "user_agent.original",
    ocsf: "http_request.user_agent",
  }),
  field("severity", "text", "Severity in the words of the device."),
  field("priority", "code", "Priority of syslog: eight times the facility plus the severity.", {
    ecs: "log.syslog.priority",
  }),
  field("process", "text", "Program that wrote the message.", { ecs: "process.name" }),
  field("event_type", "text", "Kind of the message."),
  field("event_code", "text", "Code of the kind of message.", {
    ecs: "event.code",
    ocsf: "metadata.event_code",
  }),
  field("event_id", "text", "Name or number of the event."),
  field("msg", "text", "What happened, in words.", { ecs: "message", ocsf: "message" }),
  field("type", "text", "Kind of the message."),
  mixed("status", "How it ended, or the state of something."),
  field("reason", "text", "Why."),
  mixed("name", "A name; of what depends on the sensor."),
  mixed("id", "Name or number of something; of what depends on the sensor."),
];

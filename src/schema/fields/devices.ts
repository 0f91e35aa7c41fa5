import { type Field, field, mixed } from "../field.ts";

/** Cisco ASA and Firepower. */
export const ASA: readonly Field[] = [
  field("ciscotag", "text", "Tag of the message, such as ASA-6-302013.", { ecs: "event.code" }),
  field("ip_src_name", "host", "Name that the firewall prints in place of the source's address.", {
    ecs: "source.domain",
    ocsf: "src_endpoint.hostname",
  }),
  field("ip_dst_name", "host", "Name that the firewall prints in place of the destination's address.", {
    ecs: "destination.domain",
    ocsf: "dst_endpoint.hostname",
  }),
  field(
    "syslog_severity",
    "text",
    "Severity in the syslog priority; the level of the tag where there is no priority.",
    { ecs: "log.syslog.severity.name" },
  ),
  field("syslog_facility", "text", "Facility in the syslog priority.", { ecs: "log.syslog.facility.name" }),
  field("syslog_host", "host", "Host in the syslog header.", { ecs: "log.syslog.hostname" }),
  field("syslog_prog", "text", "Program in the syslog header.", { ecs: "log.syslog.appname" }),
];

/** Cisco ISE: its header, and the pairs that most of its messages have. */
export const ISE: readonly Field[] = [
  field("header", "text", "What stands before the first comma."),
  field("event_class", "text", "Class of the message, such as Failed-Attempt."),
  field("event_text", "text", "What happened, in words.", { ecs: "message", ocsf: "message" }),
  field("event_segments", "count", "How many segments the message was sent in."),
  field("event_segment", "count", "Which of them this is, from 0."),
  field("ConfigVersionId", "code", "Version of the configuration."),
  field("Device IP Address", "address", "Address of the network device."),
  field("Device Port", "port", "Its port."),
  field("DestinationIPAddress", "address", "Address of the server."),
  field("DestinationPort", "port", "Its port."),
  field("UserName", "user", "User name.", { ecs: "user.name" }),
  field("Calling-Station-ID", "mac", "Hardware address of the user's device."),
  field("Framed-IP-Address", "address", "Address of the user's device."),
  field("NAS-IP-Address", "address", "Address of the network device, as it says itself."),
  field("Tunnel-Type", "text", "Kind of the tunnel that the user is put in."),
  field("cisco-av-pair", "text", "Attribute of Cisco's own."),
  field("Response", "text", "What the server answered."),
  field("Reply-Message", "text", "What the user is told."),
  field("FailureReason", "text", "Why the log-in failed."),
  field("Step", "code", "Numbers of the steps that the server took.", { isList: true }),
];

/** IBM WebSphere and DataPower. */
export const WEBSPHERE: readonly Field[] = [
  field("security_domain", "text", "Domain of the device."),
  field("event_subtype", "text", "`login` or `logout`."),
];

/** Snort's alert_csv and Sourcefire. */
export const SNORT: readonly Field[] = [
  field("sig_generator", "code", "Number of the generator."),
  field("sig_id", "code", "Number of the signature.", { ecs: "rule.id", ocsf: "finding_info.uid" }),
  field("sig_rev", "code", "Revision of the signature.", { ecs: "rule.version" }),
  field("signature_id", "text", "Generator, signature and revision in brackets."),
  field("key", "text", "The part of the text that names the flow."),
  field("ethsrc", "mac", "Hardware address of the sender.", { ecs: "source.mac", ocsf: "src_endpoint.mac" }),
  field("ethdst", "mac", "Hardware address of the receiver.", {
    ecs: "destination.mac",
    ocsf: "dst_endpoint.mac",
  }),
  field("ethlen", "text", "Length of the frame in hexadecimal digits."),
  field("tcpflags", "text", "Flags of TCP, one letter each."),
  field("tcpseq", "text", "Sequence number in hexadecimal digits."),
  field("tcpack", "text", "Acknowledged number in hexadecimal digits."),
  field("tcplen", "text", "Length of the TCP header."),
  field("tcpwindow", "text", "Window of TCP in hexadecimal digits."),
  field("ttl", "code", "Hops that the packet may still take."),
  field("tos", "code", "Type of service."),
  field("dgmlen", "bytes", "Length of the IP packet."),
  field("iplen", "bytes", "Length in the IP header."),
  field("icmptype", "code", "Type of the ICMP message."),
  field("icmpcode", "code", "Code of the ICMP message."),
  field("icmpid", "code", "Number of the ICMP exchange."),
  field("icmpseq", "code", "Place of the message in the ICMP exchange."),
];

/** FireEye, whose messages hold a CEF of their own. */
export const FIREEYE: readonly Field[] = [
  field("cncHost", "host", "Server that the malware reports to."),
  field("src_hostname", "host", "Host that is infected.", {
    ecs: "source.domain",
    ocsf: "src_endpoint.hostname",
  }),
  field("src_port", "port", "Source port.", { ecs: "source.port", ocsf: "src_endpoint.port" }),
  field("dst_potimestamp", "text", "Destination port, under the name that the original gives it."),
];

/** Devices that write key=value: Fortinet, SonicWall, netfilter. */
export const KEY_VALUE: readonly Field[] = [
  field("log_prefix", "text", "What a rule of netfilter puts before the pairs, such as [UFW BLOCK]."),
  field("text", "text", "Words that belong to no key."),
  field("date", "text", "Day as the device wrote it."),
  field("time", "text", "Time as the device wrote it."),
  field("eventtime", "instant", "When it happened, nanoseconds since 1970.", { unit: "ns" }),
  field("tz", "text", "Time zone of the device."),
  field("devname", "host", "Name of the device.", { ecs: "observer.name" }),
  field("devid", "text", "Serial number of the device.", { ecs: "observer.serial_number" }),
  field("logid", "text", "Number of the kind of message.", { ecs: "event.code" }),
  field("policyid", "code", "Number of the policy that decided it.", { ecs: "rule.id" }),
  field("sentbyte", "bytes", "Bytes from the source to the destination.", {
    ecs: "source.bytes",
    ocsf: "traffic.bytes_out",
  }),
  field("rcvdbyte", "bytes", "Bytes from the destination to the source.", {
    ecs: "destination.bytes",
    ocsf: "traffic.bytes_in",
  }),
  field("sentpkt", "count", "Packets from the source to the destination.", {
    ecs: "source.packets",
    ocsf: "traffic.packets_out",
  }),
  field("rcvdpkt", "count", "Packets from the destination to the source.", {
    ecs: "destination.packets",
    ocsf: "traffic.packets_in",
  }),
  field("sn", "text", "Serial number of the device.", { ecs: "observer.serial_number" }),
  field("fw", "address", "Address of the firewall.", { ecs: "observer.ip" }),
  mixed("m", "Of SonicWall: number of the kind of message.", { ecs: "event.code" }),
  field("src_interface", "text", "Interface of the source.", { ecs: "observer.ingress.interface.name" }),
  field("dst_interface", "text", "Interface of the destination.", { ecs: "observer.egress.interface.name" }),
  field("IN", "text", "Interface that the packet came in by.", { ecs: "observer.ingress.interface.name" }),
  field("OUT", "text", "Interface that the packet went out by.", { ecs: "observer.egress.interface.name" }),
  field("LEN", "bytes", "Length of the packet."),
];

/** Lancope StealthWatch, as Logstash forwards it. */
export const LANCOPE: readonly Field[] = [field("@version", "text", "Version of Logstash's format.")];

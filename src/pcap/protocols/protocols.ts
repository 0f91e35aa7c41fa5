/** The protocols that are read, in the order in which it is asked whose bytes they are. */
import { dhcp } from "./dhcp.ts";
import { dnsDatagrams, dnsStream } from "./dns/dns.ts";
import { ftp } from "./ftp.ts";
import { http } from "./http/http.ts";
import { kerberosDatagrams, kerberosStream } from "./kerberos/kerberos.ts";
import { ntp } from "./ntp.ts";
import type { DatagramProtocol, StreamProtocol } from "./protocol.ts";
import { quic } from "./quic/quic.ts";
import { smb } from "./smb/smb.ts";
import { smtp } from "./smtp.ts";
import { ssh } from "./ssh.ts";
import { dtls } from "./tls/dtls.ts";
import { tls } from "./tls/tls.ts";

export const STREAM_PROTOCOLS: readonly StreamProtocol[] = [
  http,
  smb,
  tls,
  ssh,
  smtp,
  ftp,
  kerberosStream,
  dnsStream,
];
export const DATAGRAM_PROTOCOLS: readonly DatagramProtocol[] = [
  dnsDatagrams,
  kerberosDatagrams,
  dhcp,
  ntp,
  quic,
  dtls,
];

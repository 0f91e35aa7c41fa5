import type { Step } from "../step.ts";
import { ftp, smtp } from "./commands.ts";
import { dhcp } from "./dhcp.ts";
import { dns, llmnr, mdns } from "./dns.ts";
import { http } from "./http.ts";
import { kerberos } from "./kerberos.ts";
import { ntp } from "./ntp.ts";
import { dtls, quic } from "./quic.ts";
import { smb } from "./smb.ts";
import { ssh } from "./ssh.ts";
import { tls } from "./tls.ts";

/** The protocols of payloads that are read, by their names. */
export const PROTOCOLS = {
  dhcp,
  dns,
  dtls,
  ftp,
  http,
  kerberos,
  llmnr,
  mdns,
  ntp,
  quic,
  smb,
  smtp,
  ssh,
  tls,
} satisfies Record<string, Step>;

import { IMPLANT_FILE, INVOICE } from "./packets/documents.ts";
import { IMPLANT } from "./packets/tls.ts";

/**
 * Who attacks from where. The addresses are in networks of large hosters so that geography comes out as in life;
 * names and story are invented and say nothing about the owners of the addresses.
 */
export const ADVERSARY = {
  lureName: "invoices.contoso-rnetal.com",
  lureIp: "185.220.101.47",
  controlName: "telemetry-sync.net",
  controlIp: "91.219.236.166",
  dropName: "backup-eu.storage-vault.cc",
  dropIp: "45.9.148.114",
} as const;

export type Indicator = {
  readonly indicator: string;
  readonly type: string;
  readonly source: string;
  readonly comment: string;
};

/** The indicator list that a threat intelligence feed would have brought: the adversary's, among others. */
export function indicatorList(others: number): Indicator[] {
  const entry = (indicator: string, type: string, source: string, comment: string): Indicator => ({
    indicator,
    type,
    source,
    comment,
  });
  const list = [
    entry(ADVERSARY.lureIp, "malicious_ip", "vendor-feed", "Phishing host"),
    entry(ADVERSARY.controlIp, "malicious_ip", "vendor-feed", "Command and control"),
    entry(ADVERSARY.dropIp, "malicious_ip", "isac", "Exfiltration drop"),
    entry(ADVERSARY.lureName, "malicious_domain", "vendor-feed", "Look-alike domain"),
    entry(ADVERSARY.controlName, "malicious_domain", "vendor-feed", "Command and control"),
    entry(ADVERSARY.dropName, "malicious_domain", "isac", "Exfiltration drop"),
    entry(INVOICE.sha256, "malicious_hash", "vendor-feed", "Document with macros"),
    entry(IMPLANT_FILE.sha256, "malicious_hash", "vendor-feed", "Implant"),
    entry(IMPLANT.ja3, "malicious_fingerprint", "vendor-feed", "Implant's TLS, JA3"),
    entry(IMPLANT.ja4, "malicious_fingerprint", "vendor-feed", "Implant's TLS, JA4"),
  ];
  for (let index = 0; index < others; index++) {
    // Addresses of 240.0.0.0/4 are reserved: padding that matches nothing real.
    const [high, low] = [Math.floor(index / 65536), index % 65536];
    list.push(entry(`240.${high % 256}.${low >> 8}.${low & 255}`, "malicious_ip", "bulk-feed", ""));
  }
  return list;
}

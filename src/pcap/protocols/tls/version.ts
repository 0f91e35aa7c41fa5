export const TLS_1_3 = 0x0304;

/** How Zeek names a version. */
export function versionName(version: number): string {
  switch (version) {
    case 0x0300:
      return "SSLv3";
    case 0x0301:
      return "TLSv10";
    case 0x0302:
      return "TLSv11";
    case 0x0303:
      return "TLSv12";
    case TLS_1_3:
      return "TLSv13";
    case 0xfeff:
      return "DTLSv10";
    case 0xfefd:
      return "DTLSv12";
    case 0xfefc:
      return "DTLSv13";
    default:
      return version >> 8 === 0x7f ? `TLSv13-draft${version & 0xff}` : `unknown-${version}`;
  }
}

import type { RecordFields } from "../protocol.ts";
import { ja3, ja3s, ja4 } from "./fingerprints.ts";
import type { ClientHello, ServerHello } from "./hello.ts";
import { groupName, suiteName } from "./names.ts";
import { versionName } from "./version.ts";

/**
 * What the hellos of both sides tell of a handshake, as fields of Zeek's ssl.log.
 *
 * @param transport `t` of TCP, `q` of QUIC, `d` of DTLS
 */
export function helloFields(
  client: ClientHello | undefined,
  server: ServerHello | undefined,
  transport: "t" | "q" | "d",
) {
  return {
    version: server && versionName(server.version),
    cipher: server && suiteName(server.suite),
    curve: server?.group === undefined ? undefined : groupName(server.group),
    server_name: client?.serverName,
    ja3: client && ja3(client),
    ja3s: server && ja3s(server),
    ja4: client && ja4(client, transport),
  } satisfies RecordFields;
}

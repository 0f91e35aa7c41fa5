/** Tells whether a host name or address is this machine's own. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Why a server without accounts does not listen at an address, and what to do instead. */
export function withoutGuard(host: string): string {
  return (
    `listening on ${host} would let everyone on the network read all telemetry and change all configuration, as ` +
    "Metron has no accounts yet; listen on 127.0.0.1 and put a reverse proxy with authentication before it, or use " +
    "an SSH tunnel. `--allow-anyone-on-the-network` listens all the same"
  );
}

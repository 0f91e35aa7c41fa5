import { expect, test } from "vitest";
import { isLoopback, withoutGuard } from "./loopback.ts";

test.each<[host: string, isOwn: boolean]>([
  ["localhost", true],
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["::1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["128.0.0.1", false],
  ["10.127.0.0.1", false],
  ["127.0.0.1.example.org", false],
  ["1127.0.0.1", false],
  ["127.0.0", false],
  ["localhost.example.org", false],
  ["", false],
])("%j is this machine's own: %s", (host, isOwn) => {
  expect(isLoopback(host)).toBe(isOwn);
});

test("the refusal names the address and what to do instead", () => {
  const text = withoutGuard("0.0.0.0");
  expect(text).toContain("listening on 0.0.0.0 would let everyone");
  for (const cure of ["127.0.0.1", "reverse proxy", "SSH tunnel", "--allow-anyone-on-the-network"])
    expect(text).toContain(cure);
});

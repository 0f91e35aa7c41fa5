import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { captureState } from "../api/captures.ts";
import { API_BASE } from "../api/endpoint.ts";
import { pcapOf, sampleRows } from "../pcap/formats/testing/samples.ts";
import { openTestServer, refused, type TestServer } from "./testing/platform-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

const upload = async (name: string, bytes: Uint8Array, more = "") => {
  const response = await server.send("POST", `/captures?name=${name}${more}`, {
    text: new Uint8Array(bytes),
  });
  const answer = await response.json();
  expect(response.status, JSON.stringify(answer)).toBe(200);
  return captureState.parse(answer);
};

/** Packets stored, since a time. */
const stored = (): number => {
  let count = 0;
  for (const packets of server.platform.packets.reader().find({})) count += packets.count;
  return count;
};

test("a capture is stored, and listed afterwards", async () => {
  const before = stored();
  const state = await upload("good.pcap", await pcapOf(sampleRows(300)));
  expect(state).toMatchObject({
    ...{ name: "good.pcap", kind: "upload", state: "finished", by: "local", format: "pcap" },
    ...{ packets: 300, stored: 300, dropped: 0, problems: [], interfaces: ["Ethernet"] },
  });
  expect(stored() - before).toBe(300);
  expect(await server.json("GET", `/captures/${state.id}`)).toEqual(state);
  expect(await server.json("GET", "/captures")).toMatchObject({ captures: [state] });
});

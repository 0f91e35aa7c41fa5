import { afterAll, expect, test } from "vitest";
import { openTestFolder } from "../testing/run-cli.ts";

const folder = openTestFolder();
afterAll(() => folder[Symbol.dispose]());

const REFUSED = {
  status: 1,
  err: expect.stringMatching(
    /listening on 0\.0\.0\.0 .*no accounts.*SSH tunnel.*--allow-anyone-on-the-network/s,
  ),
};

test("a host that others reach is refused as an option", async () => {
  expect(await folder.metron(["up", "--port", "0", "--host", "0.0.0.0"])).toMatchObject(REFUSED);
}, 60_000);

test("a host that others reach is refused in the documents a data folder begins with", async () => {
  folder.file("config/metron.yaml", "workers: 1\nserver: { host: 0.0.0.0, port: 0 }\n");
  const config = `${folder.path}/config`;
  expect(await folder.metron(["up", "--config", config])).toMatchObject(REFUSED);
}, 60_000);

test.each(["--functions-from", "--files-from", "--secrets-from", "--config"])(
  "a folder of %s that is not there, or is a file, is refused",
  async (option) => {
    const missing = `${folder.path}/missing`;
    expect(await folder.metron(["up", "--port", "0", option, folder.path, option, missing])).toMatchObject({
      status: 1,
      out: "",
      err: expect.stringContaining(`reading ${missing}, named by ${option}: there is no such folder`),
    });
    const file = folder.file("a-file", "");
    expect((await folder.metron(["up", "--port", "0", option, file])).err).toContain("it is a file");
  },
  60_000,
);

test("with the option that names the risk the platform listens there", async () => {
  // Loopback, but not as the refusal knows it: the test must not listen where others reach it.
  const host = "::ffff:127.0.0.1";
  await using running = await folder.up({}, "--host", host, "--allow-anyone-on-the-network");
  const url = running.url.replace(`[${host}]`, "127.0.0.1");
  expect((await fetch(`${url}/api/v1/status`)).status).toBe(200);
}, 60_000);

/**
 * Sends captures from a thread that all pages of this browser share and that outlives a page for a while, so that a reload in the middle
 * does not break the upload. How far it is, the server tells.
 */
addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  port?.addEventListener("message", async ({ data }: MessageEvent<{ address: string; file: File }>) => {
    const { address, file } = data;
    try {
      const headers = { "content-type": "application/octet-stream" };
      const response = await fetch(address, { method: "POST", headers, body: file });
      // What is wrong with a capture stands in the list of captures; here only what never got into it.
      port.postMessage(response.ok ? undefined : { status: response.status, text: await response.text() });
    } catch (error) {
      port.postMessage({ status: 0, text: String(error) });
    }
  });
  port?.start();
});

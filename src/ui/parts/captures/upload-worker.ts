/**
 * Sends captures from a thread that all pages of this browser share and that outlives a page for a while, so that a reload in the middle
 * does not break the upload. How far it is, the server tells.
 */

/** A capture to send. Each page numbers its own. */
type ToSend = { readonly id: number; readonly address: string; readonly file: File };

/** What became of it: the answer of the server where it was not taken, with status 0 for none. */
export type Sent = {
  readonly id: number;
  readonly refused?: { readonly status: number; readonly text: string } | undefined;
};

addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  const tell = (sent: Sent) => port?.postMessage(sent);
  port?.addEventListener("message", async ({ data: { id, address, file } }: MessageEvent<ToSend>) => {
    try {
      const headers = { "content-type": "application/octet-stream" };
      const response = await fetch(address, { method: "POST", headers, body: file });
      // What is wrong with a capture is in the list of captures; here only what never got into it.
      tell({
        id,
        refused: response.ok ? undefined : { status: response.status, text: await response.text() },
      });
    } catch (error) {
      tell({ id, refused: { status: 0, text: String(error) } });
    }
  });
  port?.start();
  // A page that has connected may send now. Files are counted from 1.
  tell({ id: 0 });
});

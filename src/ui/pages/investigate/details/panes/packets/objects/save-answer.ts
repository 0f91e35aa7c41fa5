import { answerOf, CallProblem, UNREACHABLE } from "../../../../../../../api/client.ts";
import { downloadObject } from "../../../../../../../api/conversations.ts";

/**
 * Asks for a file by POST and lets the browser save it. What is asked for by GET needs no such thing: a link is enough.
 * @throws CallProblem when it is refused
 */
export async function saveAnswer(address: string, body: object, name: string): Promise<void> {
  const response = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch((cause: unknown) => {
    throw new CallProblem(UNREACHABLE, { cause });
  });
  // Says what is wrong, and throws it.
  if (!response.ok)
    answerOf(downloadObject, { status: response.status, text: await response.text() }, JSON.parse);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

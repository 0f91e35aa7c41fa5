import { captureUpdates, getCapture, listCaptures, stopCapture, uploadCapture } from "./captures.ts";
import {
  checkDocument,
  documentDiff,
  documentHistory,
  getDocument,
  listDocuments,
  publishDocument,
  publishDocuments,
  rollbackDocument,
  withdrawDocument,
} from "./config.ts";
import type { EndpointShape } from "./endpoint.ts";
import { ingestRecords } from "./ingest.ts";
import { findIndicators, listIndicators, listIntel, loadIntel, removeIndicator } from "./intel.ts";
import { liveUpdates } from "./live.ts";
import { getMessage, messageHistory, patchMessage } from "./messages.ts";
import { getRebuild, startRebuild, stopRebuild } from "./rebuild.ts";
import { replayRejections } from "./replay.ts";
import { facetMessages, groupMessages, listFields, messageHistogram, searchMessages } from "./search.ts";
import { listSensors } from "./sensors.ts";
import { getStatus } from "./status.ts";
import { checkStellar, evaluateStellar, listFunctions } from "./stellar.ts";

/** Every REST call there is; the server implements exactly these. */
export const endpoints = {
  captureUpdates,
  checkDocument,
  checkStellar,
  documentDiff,
  documentHistory,
  evaluateStellar,
  facetMessages,
  findIndicators,
  getCapture,
  getDocument,
  getMessage,
  getRebuild,
  getStatus,
  groupMessages,
  ingestRecords,
  listCaptures,
  listDocuments,
  listFields,
  listFunctions,
  listIndicators,
  listIntel,
  listSensors,
  liveUpdates,
  loadIntel,
  messageHistogram,
  messageHistory,
  patchMessage,
  publishDocument,
  publishDocuments,
  removeIndicator,
  replayRejections,
  rollbackDocument,
  searchMessages,
  startRebuild,
  stopCapture,
  stopRebuild,
  uploadCapture,
  withdrawDocument,
} as const satisfies Record<string, EndpointShape>;

/** Calls that this device makes as a scanner: its cookie counts beside this header alone. */

import { request } from "../api.js";

const HEADERS = { "Gate-Device": "1" };
/** Refusals of the device itself, not of what it scanned. */
const NOT_PAIRED = new Set(["not_authenticated", "permission_denied"]);

/** As `request` of api.js. */
export const call = (method, path, options = {}) =>
  request(method, path, { ...options, headers: HEADERS });

/** Whether a problem says that this device is nobody's scanner any more. */
export const meansUnpaired = (problem) => NOT_PAIRED.has(problem.code);

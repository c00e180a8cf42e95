/** Calls of /api/v1/, as any client makes them; the credential is the session's cookie. */

/** After this many milliseconds without an answer nobody wants to wait any longer. */
const TIMEOUT_MS = 10_000;

/**
 * A refusal: an RFC 9457 document, or one in its likeness where the network gave no answer
 * (`status` 0, `code` "offline" or "timeout") or something else did (`code` "bad_answer").
 */
export class Problem extends Error {
  /**
   * @param {{status: number, code: string, title?: string, detail?: string,
   *   errors?: {pointer: string, code: string, detail: string}[]}} document
   * @param {number|null} retryAfterS seconds that the server asks to wait
   */
  constructor(document, retryAfterS = null) {
    super(document.detail || document.title || document.code);
    this.name = "Problem";
    this.status = document.status;
    this.code = document.code;
    this.document = document;
    this.retryAfterS = retryAfterS;
  }

  /** Whether nobody decided anything: the same call may be made again. */
  get isTransient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Django keeps the token of the session's forms in this cookie (CSRF_COOKIE_NAME). */
function csrfToken() {
  return document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/)?.[1] ?? "";
}

/** @returns {Promise<Response>} whatever the server answered; throws a Problem where it did not */
async function send(method, path, { body, timeoutMs = TIMEOUT_MS, headers: extra = {} }) {
  const headers = { Accept: "application/json", ...extra };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  try {
    return await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    throw new Problem({ status: 0, code: error.name === "TimeoutError" ? "timeout" : "offline" });
  }
}

/** @returns {Promise<any>} the body as JSON, null where there is none or it is not JSON */
async function read(response) {
  try {
    return response.status === 204 ? null : await response.json();
  } catch (error) {
    // The body may stop halfway as well, or never end.
    if (error.name === "TimeoutError") throw new Problem({ status: 0, code: "timeout" });
    return null;
  }
}

/**
 * Make a call and return what was answered.
 *
 * @param {string} method
 * @param {string} path below /api/v1, with its slash at the end
 * @param {{body?: any, timeoutMs?: number, headers?: Object<string, string>}} [options]
 * @returns {Promise<{status: number, data: any, headers: Headers}>} throws a Problem for an error
 */
export async function request(method, path, options = {}) {
  const response = await send(method, path, options);
  const data = await read(response);
  if (response.ok && (data !== null || response.status === 204)) {
    return { status: response.status, data, headers: response.headers };
  }
  const wait = Number(response.headers.get("Retry-After"));
  const known = data?.code ? data : { status: response.ok ? 502 : response.status, code: "bad_answer" };
  throw new Problem(known, Number.isFinite(wait) && wait > 0 ? wait : null);
}

export const get = async (path, options) => (await request("GET", path, options)).data;
export const post = async (path, body, options) =>
  (await request("POST", path, { body, ...options })).data;
export const patch = async (path, body, options) =>
  (await request("PATCH", path, { body, ...options })).data;
export const remove = async (path, options) => (await request("DELETE", path, options)).data;

/** Every row of a list, page by page. */
export async function getAll(path) {
  const rows = [];
  for (let page = 1; ; page += 1) {
    const joint = path.includes("?") ? "&" : "?";
    const answer = await get(`${path}${joint}page=${page}&page_size=200`);
    rows.push(...answer.results);
    if (!answer.next) return rows;
  }
}

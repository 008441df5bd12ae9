// Verification: one verification, as the server knows it, over HTTP.
//
// EventSource brings what changes. Where it cannot be had (a bearer handle, which it
// could not send; a proxy that holds streams back) the state is asked for again and
// again, each time with a wait.

const REQUEST_MS = 60_000;
const WAIT_SECONDS = 25;
const SILENCE_MS = 6_000;
const LONGEST_PAUSE_MS = 15_000;

/** What the server, or the network, answered instead of a state. */
export class Problem extends Error {
  /** `kind` is the last part of the problem's type, "offline" without an answer. */
  constructor(kind, { retryAfter = null } = {}) {
    super(kind);
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

export class Verification {
  #url;
  #handle;

  /** `base` is the URL under which /verifications is found. */
  constructor(base, { id, handle = null }) {
    this.id = id;
    this.#handle = handle;
    this.#url = `${collection(base)}/${encodeURIComponent(id)}`;
  }

  /** Start one; returns it and its state. */
  static async start(base, wanted) {
    const state = await ask(collection(base), { method: "POST", body: wanted });
    return [new Verification(base, state), state];
  }

  /** What another page needs to go on with it. */
  get memory() {
    return { id: this.id, handle: this.#handle };
  }

  state({ wait = 0, signal } = {}) {
    return this.#ask(wait ? `?wait=${wait}` : "", { signal });
  }

  submit(pin) {
    return this.#ask("/pin", { method: "POST", body: { pin } });
  }

  next() {
    return this.#ask("/next", { method: "POST", body: {} });
  }

  cancel() {
    return this.#ask("", { method: "DELETE" });
  }

  /** Tell of every state until it is settled; returns what stops it. */
  follow(onState, onProblem) {
    const stop = new AbortController();
    const ask = () => this.#askOn(onState, onProblem, stop.signal);
    if (this.#handle || !globalThis.EventSource) ask();
    else this.#listen(onState, ask, stop.signal);
    return () => stop.abort();
  }

  #listen(onState, ask, signal) {
    const source = new EventSource(`${this.#url}/events`);
    const giveUp = () => {
      clearTimeout(silence);
      source.close();
      if (!signal.aborted) ask();
    };
    const silence = setTimeout(giveUp, SILENCE_MS);
    source.addEventListener("state", ({ data }) => {
      clearTimeout(silence);
      const state = JSON.parse(data);
      if (isSettled(state)) source.close();
      onState(state);
    });
    source.addEventListener("error", () => {
      // Otherwise it is on its way back by itself.
      if (source.readyState === EventSource.CLOSED) giveUp();
    });
    signal.addEventListener("abort", giveUp);
  }

  async #askOn(onState, onProblem, signal) {
    let [wait, failures] = [0, 0];
    while (!signal.aborted) {
      try {
        const state = await this.state({ wait, signal });
        if (signal.aborted) return;
        onState(state);
        if (isSettled(state)) return;
        [wait, failures] = [state.state === "waiting" ? WAIT_SECONDS : 0, 0];
      } catch (problem) {
        if (signal.aborted) return;
        failures += 1;
        onProblem(problem);
        if (problem.kind === "not-found") return;
      }
      await pause(Math.min(500 * 2 ** failures, LONGEST_PAUSE_MS));
    }
  }

  #ask(path, options) {
    return ask(this.#url + path, { ...options, handle: this.#handle });
  }
}

/** Say whether nothing can change any more. */
export function isSettled({ state }) {
  return state !== "starting" && state !== "waiting";
}

function collection(base) {
  return new URL("verifications", new URL(base.replace(/\/*$/, "/"), document.baseURI)).href;
}

async function ask(url, { method = "GET", body, handle, signal }) {
  const limit = AbortSignal.timeout(REQUEST_MS);
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (handle) headers.Authorization = `Bearer ${handle}`;
  let response;
  let answer;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body && JSON.stringify(body),
      cache: "no-store",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    answer = await response.json();
  } catch {
    throw new Problem(response && !response.ok ? "unavailable" : "offline");
  }
  if (response.ok) return answer;
  const kind = String(answer.type ?? "").split(":").at(-1);
  throw new Problem(kind, { retryAfter: answer.retry_after ?? null });
}

function pause(milliseconds) {
  return new Promise((resume) => setTimeout(resume, milliseconds));
}

// <callauth-verify>: asks for a phone number and verifies it by a call.
//
//   <script type="module" src="callauth-verify.js"></script>
//   <callauth-verify src="/" purpose="login"></callauth-verify>
//
// Attributes: src, the path under which /verifications is found ("/"); purpose; method
// ("flash_call", "voice_otp", "reverse_call"); phone, to begin with; lang, "ru" or "en",
// else that of the document around it or of the browser. Colours and shape: the custom
// properties at the head of callauth-verify.css, which is loaded from beside this file.
//
// Events, which bubble out of any shadow: callauth:verified with detail {id, phone
// (masked), purpose, method, assurance}, and callauth:failed with detail {id, phone,
// purpose, method, state, reason}. They are for the page to go on: what is true, the
// server says.
//
// All that is shown follows from one model; whatever changes it calls #show.

import { element } from "./markup.js";
import { build, stepOf } from "./steps.js";
import { Texts } from "./texts.js";
import { Verification, isSettled } from "./verification.js";

const STYLE = new URL("callauth-verify.css", import.meta.url).href;
const SOON_SECONDS = 30;
const REFRESH_MS = 3_000;
const PAUSES = ["phone-busy", "too-many-attempts"];

class CallauthVerify extends HTMLElement {
  static observedAttributes = ["lang"];

  #root = this.attachShadow({ mode: "open" });
  #frame = element("section", { className: "frame", hidden: true });
  #voice = element("p", { className: "spoken", role: "status" });
  #texts;
  #verification = null;
  #state = null;
  #phone = "";
  #problem = "";
  #isBusy = false;
  #againAt = null;
  #method = null;
  #skew = 0;
  #step = null;
  #shown = "";
  #heard = 0;
  #refreshed = 0;
  #timer;
  #stopFollowing = () => {};
  #unplug = new AbortController();

  constructor() {
    super();
    const style = element("link", { rel: "stylesheet", href: STYLE });
    for (const event of ["load", "error"]) {
      style.addEventListener(event, () => (this.#frame.hidden = false), { once: true });
    }
    this.#root.append(style, this.#frame, this.#voice);
  }

  connectedCallback() {
    this.#unplug = new AbortController();
    this.#texts = new Texts(this.#language());
    this.#phone = this.getAttribute("phone") ?? "";
    const { signal } = this.#unplug;
    const refresh = () => document.visibilityState === "visible" && this.#refresh();
    document.addEventListener("visibilitychange", refresh, { signal });
    addEventListener("pageshow", refresh, { signal });
    addEventListener("online", refresh, { signal });
    this.#resume();
  }

  disconnectedCallback() {
    this.#unplug.abort();
    this.#stopFollowing();
    clearTimeout(this.#timer);
    this.#shown = "";
  }

  attributeChangedCallback() {
    if (!this.isConnected || !this.#texts) return;
    this.#texts = new Texts(this.#language());
    this.#shown = "";
    this.#show();
  }

  get #base() {
    return this.getAttribute("src") ?? "/";
  }

  get #memoryKey() {
    return `callauth ${this.#base} ${this.getAttribute("purpose") ?? ""}`;
  }

  // What a person asks for.

  #start(phone, method) {
    const purpose = this.getAttribute("purpose");
    [this.#phone, this.#method] = [phone, method];
    return this.#do(async () => {
      const wanted = { phone, ...(purpose && { purpose }), ...(method && { method }) };
      const [verification, state] = await Verification.start(this.#base, wanted);
      this.#adopt(verification, state);
    });
  }

  #again() {
    return this.#start(this.#phone, this.#method);
  }

  #next() {
    const verification = this.#verification;
    return this.#do(async () => {
      const state = await verification.next();
      // Whoever went on to another way wants that one again.
      this.#method = state.method;
      this.#take(state, verification);
    });
  }

  #submit(pin) {
    const verification = this.#verification;
    return this.#do(async () => {
      const before = this.#state.challenge?.tries_left;
      const state = await verification.submit(pin);
      this.#take(state, verification);
      const left = state.challenge?.tries_left;
      if (left < before) this.#complain(this.#texts.say("pinWrong", { n: left }));
    });
  }

  #over() {
    const verification = this.#verification;
    if (verification && !isSettled(this.#state)) verification.cancel().catch(() => {});
    this.#forget();
    this.#problem = "";
    this.#againAt = null;
    this.#show();
  }

  async #do(work) {
    this.#isBusy = true;
    this.#problem = "";
    this.#announce("");
    this.#show();
    try {
      await work();
    } catch (problem) {
      this.#meet(problem);
    }
    this.#isBusy = false;
    this.#show();
  }

  // What the server says.

  async #resume() {
    const memory = recall(this.#memoryKey);
    if (!memory) return this.#show();
    const verification = new Verification(this.#base, memory);
    // Which number it is for is known to the server alone.
    this.#phone = "";
    try {
      const state = await verification.state();
      if (isSettled(state)) remember(this.#memoryKey, null);
      this.#adopt(verification, state);
    } catch (problem) {
      if (problem.kind === "not-found") this.#forget();
      else this.#follow(verification);
      this.#show();
    }
  }

  #adopt(verification, state) {
    this.#stopFollowing();
    [this.#state, this.#heard, this.#againAt] = [null, 0, state.next?.at ?? null];
    this.#take(state, verification);
    if (isSettled(state)) return;
    remember(this.#memoryKey, verification.memory);
    this.#follow(verification);
  }

  #follow(verification) {
    this.#verification = verification;
    this.#stopFollowing = verification.follow(
      (state) => this.#take(state, verification),
      (problem) => problem.kind === "not-found" && this.#meet(problem),
    );
  }

  #take(state, verification) {
    if (verification !== this.#verification && this.#state) return;
    const now = Date.parse(state.now);
    // An answer that was long on its way must not undo a later one.
    if (now < this.#heard) return;
    const wasOpen = !this.#state || !isSettled(this.#state);
    [this.#verification, this.#state, this.#heard] = [verification, state, now];
    this.#skew = now - Date.now();
    if (stepOf({ state })[0] !== this.#shown.split(" ")[0]) this.#problem = "";
    this.#show();
    if (wasOpen && isSettled(state)) this.#settle(state);
  }

  #settle(state) {
    this.#stopFollowing();
    remember(this.#memoryKey, null);
    const { id, phone, purpose, method, assurance, reason } = state;
    const [name, rest] = state.state === "verified"
      ? ["callauth:verified", { assurance }]
      : ["callauth:failed", { state: state.state, reason }];
    const detail = { id, phone, purpose, method, ...rest };
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  async #refresh() {
    const verification = this.#verification;
    if (!verification || !this.#state || isSettled(this.#state)) return;
    this.#refreshed = Date.now();
    try {
      this.#take(await verification.state(), verification);
    } catch (problem) {
      if (problem.kind === "not-found") this.#meet(problem);
    }
  }

  #meet(problem) {
    const { kind, retryAfter } = problem;
    if (kind === undefined) throw problem;
    if (kind === "settled" || kind === "no-pin-expected") {
      this.#refresh();
      return;
    }
    if (kind === "not-found") this.#forget();
    if (PAUSES.includes(kind) && retryAfter) {
      const at = new Date(Date.now() + this.#skew + retryAfter * 1000).toISOString();
      this.#againAt = at;
      if (this.#state?.next) this.#state = { ...this.#state, next: { at } };
    }
    this.#complain(this.#texts.say(kind));
  }

  #forget() {
    this.#stopFollowing();
    remember(this.#memoryKey, null);
    [this.#verification, this.#state, this.#heard] = [null, null, 0];
  }

  // What is shown.

  #complain(text) {
    this.#problem = text;
    this.#show();
    this.#announce(text);
  }

  #show() {
    const now = Date.now() + this.#skew;
    const model = {
      state: this.#state, now, phone: this.#phone, problem: this.#problem,
      isBusy: this.#isBusy, againAt: this.#againAt,
    };
    const [name, rest] = stepOf(model);
    if (`${name} ${rest}` !== this.#shown) this.#enter(name, rest, model);
    this.#step.update(model);
    this.#watch(now);
  }

  #enter(name, rest, model) {
    const isFirst = this.#step === null;
    const active = document.activeElement;
    const hadFocus = active === null || active === document.body || active === this;
    this.#shown = `${name} ${rest}`;
    this.#step = build(name, this.#texts, this.#actions, model);
    this.#frame.lang = this.#voice.lang = this.#texts.language;
    this.#frame.replaceChildren(this.#step.node);
    // Whoever is busy elsewhere in the page is told, not pulled here.
    if (isFirst) return;
    if (hadFocus) this.#step.focus.focus({ preventScroll: true });
    else this.#announce(`${this.#step.title.textContent}. ${this.#step.text.textContent}`);
  }

  #watch(now) {
    clearTimeout(this.#timer);
    if (!this.isConnected) return;
    const ends = Date.parse(this.#state?.challenge?.expires_at ?? "");
    const seconds = Math.ceil((ends - now) / 1000);
    if (seconds === SOON_SECONDS) this.#announce(this.#texts.say("soonOver"));
    if (seconds <= 0 && Date.now() - this.#refreshed > REFRESH_MS) this.#refresh();
    const isCounting = ends || this.#againAt;
    if (isCounting) this.#timer = setTimeout(() => this.#show(), 1000 - (now % 1000));
  }

  #announce(text) {
    if (this.#voice.textContent !== text) this.#voice.textContent = text;
  }

  #actions = {
    start: (phone) => this.#start(phone, this.getAttribute("method")),
    submit: (pin) => this.#submit(pin),
    refuse: (text) => this.#complain(text),
    next: () => this.#next(),
    again: () => this.#again(),
    over: () => this.#over(),
  };

  #language() {
    const around = this.closest("[lang]") ?? document.documentElement;
    return around.lang || navigator.language;
  }
}

// A page in a sandboxed frame has no storage; then a reload starts over.
function recall(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function remember(key, memory) {
  try {
    if (memory) sessionStorage.setItem(key, JSON.stringify(memory));
    else sessionStorage.removeItem(key);
  } catch {
    // Nothing is remembered.
  }
}

customElements.define("callauth-verify", CallauthVerify);

// Steps: what is shown for each state of a verification.
//
// A step is built once, from texts and actions, and then updated with what changes
// while it stands: a problem, being busy, the time. The model it is given holds
// state (the server's, or null), now (the server's clock, in milliseconds), phone (as
// typed here, or ""), problem (a text), isBusy, and againAt (when one may start anew).

import { drawing, element, icon } from "./markup.js";
import { minutes } from "./texts.js";

const USUAL_SECONDS = 120;

/** Name the step for a model, and what makes it another one of that name. */
export function stepOf({ state }) {
  if (!state) return ["phone", ""];
  if (state.state === "waiting") {
    const { kind, expires_at } = state.challenge;
    return [kind, `${state.method} ${expires_at}`];
  }
  if (state.state === "starting" || state.state === "verified") return [state.state, ""];
  return ["ended", ""];
}

/** Build a step: `node` to show, `focus` for the keyboard, `update` to call after. */
export function build(name, texts, actions, model) {
  return new STEPS[name](texts, actions, model);
}

class Step {
  constructor(texts, actions, picture) {
    this.texts = texts;
    this.actions = actions;
    this.title = element("h2", { tabIndex: -1, className: "title", id: "title" });
    this.text = element("p", { className: "text" });
    this.problem = element("p", { className: "problem", id: "problem", hidden: true });
    this.node = element(
      "div",
      { className: "step" },
      element("div", { className: `picture ${picture}` }, icon(picture)),
      this.title,
      this.text,
    );
    this.focus = this.title;
  }

  say(name, values) {
    return this.texts.say(name, values);
  }

  update({ problem }) {
    write(this.problem, problem);
    this.problem.hidden = !problem;
  }
}

class PhoneStep extends Step {
  constructor(texts, actions, model) {
    super(texts, actions, "phone");
    this.title.textContent = this.say("phoneTitle");
    this.text.textContent = this.say("phoneText");
    this.input = element("input", {
      id: "phone", name: "phone", type: "tel", inputMode: "tel", autocomplete: "tel",
      required: true, maxLength: 64, value: model.phone, className: "phone",
      "aria-describedby": "hint problem",
    });
    this.button = element("button", { className: "go", type: "submit" });
    this.node.append(
      form(
        () => this.#send(),
        element("label", { htmlFor: "phone" }, this.say("phoneLabel")),
        this.input,
        element("p", { id: "hint", className: "hint" }, this.say("phoneHint")),
        this.problem,
        this.button,
      ),
    );
    this.focus = this.input;
  }

  update(model) {
    super.update(model);
    this.input.setAttribute("aria-invalid", String(Boolean(model.problem)));
    const seconds = secondsTo(model.againAt, model.now);
    const text = seconds ? `${this.say("phoneGo")} · ${minutes(seconds)}` : this.say("phoneGo");
    ready(this.button, model.isBusy ? this.say("phoneBusy") : text, !model.isBusy && !seconds);
  }

  #send() {
    if (isReady(this.button)) this.actions.start(this.input.value.trim());
  }
}

class StartingStep extends Step {
  constructor(texts, actions) {
    super(texts, actions, "outgoing");
    this.title.textContent = this.say("startingTitle");
    this.text.textContent = this.say("startingText");
    this.node.append(this.problem);
  }
}

/** What waits for the person: his number, the time left, and the ways out. */
class WaitingStep extends Step {
  constructor(texts, actions, { state, now }, picture, question) {
    super(texts, actions, picture);
    this.total = Math.max(secondsTo(state.challenge.expires_at, now), USUAL_SECONDS);
    this.bar = element("span", { className: "passed" });
    this.clock = element("span", { className: "clock", role: "timer" });
    this.countdown = element(
      "p",
      { className: "countdown" },
      element("span", { className: "bar", "aria-hidden": "true" }, this.bar),
      element("span", { className: "left" }, `${this.say("left")} `, this.clock),
    );
    this.nextButton = button("other", () => actions.next());
    this.againButton = button("other", () => actions.again());
    this.ways = element(
      "div",
      { className: "ways" },
      element("span", {}, this.say(question)),
      this.nextButton,
      this.againButton,
    );
    this.own = element(
      "p",
      { className: "own" },
      element("span", {}, ...this.#masked(state.phone)),
      quiet(() => actions.over(), this.say("change"), this.say("changeNumber")),
    );
  }

  update(model) {
    super.update(model);
    const { state, now, phone } = model;
    const seconds = secondsTo(state.challenge.expires_at, now);
    write(this.clock, minutes(seconds));
    this.bar.style.transform = `scaleX(${Math.min(1, seconds / this.total)})`;
    this.countdown.classList.toggle("soon", seconds <= 30);
    this.nextButton.hidden = !state.next;
    if (state.next) this.#offer(this.nextButton, "next", state.next.at, model);
    // A number to dial is leased to a phone once at a time.
    this.againButton.hidden = !phone || state.challenge.kind === "dial";
    this.#offer(this.againButton, "again", model.againAt, model);
    this.ways.hidden = this.nextButton.hidden && this.againButton.hidden;
    return seconds;
  }

  #offer(button, name, at, { now, isBusy }) {
    const t = secondsTo(at, now);
    ready(button, t ? this.say(`${name}At`, { t }) : this.say(name), !t && !isBusy);
  }

  #masked(phone) {
    const [, start, end] = /^(.*?)•+(\d+)$/.exec(phone) ?? [null, phone, ""];
    const shown = `${start.replace(/^\+7/, "+7 ")} ••• ${end.slice(0, 2)}‑${end.slice(2)}`;
    const spoken = `${this.say("yourPhone")} ${end}`;
    return [
      element("b", { "aria-hidden": "true" }, shown),
      element("span", { className: "spoken" }, spoken),
    ];
  }
}

class PinStep extends WaitingStep {
  constructor(texts, actions, model) {
    const words = model.state.method === "voice_otp" ? "voice" : "flash";
    super(texts, actions, model, "incoming", "noCall");
    this.digits = model.state.challenge.digits;
    this.tries = model.state.challenge.tries_left;
    this.title.textContent = this.say(`${words}Title`);
    this.text.textContent = this.say(`${words}Text`, { n: this.digits });
    this.text.id = "task";
    this.input = element("input", {
      id: "pin", name: "pin", type: "text", inputMode: "numeric", required: true,
      autocomplete: "one-time-code", maxLength: 64, className: "pin",
      "aria-describedby": "title task hint problem",
    });
    this.input.style.setProperty("--digits", this.digits);
    this.input.addEventListener("input", (event) => this.#typed(event));
    this.button = element("button", { className: "go", type: "submit" });
    this.node.append(
      form(
        () => this.#send(),
        element("label", { htmlFor: "pin" }, this.say(`${words}Label`)),
        this.input,
        this.problem,
        element("p", { id: "hint", className: "hint" }, this.say(`${words}Hint`)),
        this.countdown,
        this.button,
      ),
      this.ways,
      this.own,
    );
    this.focus = this.input;
  }

  update(model) {
    const seconds = super.update(model);
    const { tries_left } = model.state.challenge;
    if (tries_left < this.tries) {
      this.input.value = "";
      this.tries = tries_left;
    }
    this.input.readOnly = model.isBusy;
    this.input.setAttribute("aria-invalid", String(Boolean(model.problem)));
    const text = this.say(model.isBusy ? "pinBusy" : "pinGo");
    ready(this.button, text, !model.isBusy && seconds > 0);
  }

  #typed({ data, inputType = "" }) {
    const typed = this.input.value.replace(/\D/g, "");
    // One digit too many was a slip; a whole number was pasted from the call log.
    const isTyped = data?.length === 1 || inputType.startsWith("insertComposition");
    const kept = isTyped ? typed.slice(0, this.digits) : typed.slice(-this.digits);
    if (kept !== this.input.value) this.input.value = kept;
    if (kept.length === this.digits && isReady(this.button)) this.actions.submit(kept);
  }

  #send() {
    const { value } = this.input;
    if (!isReady(this.button)) return;
    if (value.length === this.digits) this.actions.submit(value);
    else this.actions.refuse(this.say("pinShort", { n: this.digits }));
  }
}

class DialStep extends WaitingStep {
  constructor(texts, actions, model) {
    super(texts, actions, model, "outgoing", "cannotDial");
    const { number, tel_uri, qr_svg } = model.state.challenge;
    this.title.textContent = this.say("dialTitle");
    this.text.textContent = this.say("dialText");
    const link = { className: "go", href: tel_uri, "aria-label": `${this.say("dialGo")} ${number}` };
    this.number = element(
      "div",
      { className: "dial" },
      element("p", { className: "number" }, number.replaceAll("-", "‑").replaceAll(" ", "\u00a0")),
      qr_svg ? this.#picture(qr_svg) : null,
      element("a", link, this.say("dialGo")),
    );
    this.waiting = element("p", { className: "waiting" });
    this.hint = element("p", { className: "hint" }, this.say("dialHint"));
    this.node.append(
      this.number, this.problem, this.waiting, this.countdown, this.hint, this.ways, this.own,
    );
  }

  update(model) {
    const seconds = super.update(model);
    this.number.hidden = this.text.hidden = this.hint.hidden = this.countdown.hidden = seconds === 0;
    write(this.waiting, this.say(seconds ? "dialWaiting" : "dialChecking"));
  }

  #picture(svg) {
    const picture = drawing(svg);
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", this.say("pictureOf"));
    const text = element("figcaption", {}, this.say("dialScan"));
    return element("figure", { className: "qr" }, picture, text);
  }
}

class VerifiedStep extends Step {
  constructor(texts, actions) {
    super(texts, actions, "check");
    this.title.textContent = this.say("verifiedTitle");
    this.text.textContent = this.say("verifiedText");
  }
}

class EndedStep extends Step {
  constructor(texts, actions, { state, phone }) {
    super(texts, actions, state.state === "expired" ? "clock" : "stop");
    const why = state.state === "failed" ? state.reason : state.state;
    this.title.textContent = this.say(`${why}Title`);
    this.text.textContent = this.say(`${why}Text`);
    this.name = state.method === "reverse_call" ? "retry" : "again";
    this.button = phone
      ? button("go", () => actions.again())
      : button("go", () => actions.over(), this.say("over"));
    this.node.append(this.problem, this.button);
    if (phone) this.node.append(quiet(() => actions.over(), this.say("changeNumber")));
  }

  update(model) {
    super.update(model);
    if (!model.phone) return;
    const t = secondsTo(model.againAt, model.now);
    const text = this.say(t ? `${this.name}At` : this.name, { t });
    ready(this.button, model.isBusy ? this.say("phoneBusy") : text, !t && !model.isBusy);
  }
}

const STEPS = {
  phone: PhoneStep,
  starting: StartingStep,
  pin: PinStep,
  dial: DialStep,
  verified: VerifiedStep,
  ended: EndedStep,
};

function form(send, ...children) {
  const made = element("form", { noValidate: true }, ...children);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  return made;
}

function button(className, act, text = "") {
  const made = element("button", { className, type: "button" }, text);
  made.addEventListener("click", () => isReady(made) && act());
  return made;
}

function quiet(act, text, spoken = text) {
  const made = button("quiet", act, text);
  made.setAttribute("aria-label", spoken);
  return made;
}

// A button that is really disabled would lose the focus of whoever has just pressed it.
function ready(made, text, isReady) {
  write(made, text);
  made.setAttribute("aria-disabled", String(!isReady));
}

function isReady(made) {
  return made.getAttribute("aria-disabled") !== "true";
}

function write(made, text) {
  if (made.textContent !== text) made.textContent = text;
}

function secondsTo(at, now) {
  return at ? Math.max(0, Math.ceil((Date.parse(at) - now) / 1000)) : 0;
}

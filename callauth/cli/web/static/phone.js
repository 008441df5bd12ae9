// The phone: shows what the sandbox says of it, and dials.

const LOOK_MS = 400;

/** Play the phone from now on. */
export function play(texts) {
  const phone = new Phone(texts);
  phone.look();
}

class Phone {
  #own = document.querySelector("#own");
  #call = document.querySelector("#call");
  #calls = document.querySelector("#calls");
  #number = document.querySelector("#number");
  #answers = document.querySelector("#answers");
  #wrong = document.querySelector("#wrong");
  #dial = null;
  #shown = "";

  constructor(texts) {
    this.texts = texts;
    document.querySelector("#keys").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#press(event.submitter?.value ?? "own");
    });
    this.#answers.addEventListener("change", () =>
      send("PUT", "phone", { answers: this.#answers.value }),
    );
  }

  /** Look at it again and again. */
  async look() {
    try {
      const shown = await (await fetch("phone", { cache: "no-store" })).json();
      const text = JSON.stringify(shown);
      // What stands is left alone, so that it is neither read out nor animated anew.
      if (text !== this.#shown) this.#show(shown);
      this.#shown = text;
    } catch {
      // The demo was ended, or comes back.
    }
    setTimeout(() => this.look(), LOOK_MS);
  }

  #show({ number, call, calls, dial, answers }) {
    this.#own.textContent = number ?? this.texts.noNumber;
    this.#own.classList.toggle("unknown", !number);
    this.#call.className = call ? `call ${call.said ? "speaks" : "rings"}` : "call";
    this.#call.replaceChildren(...(call ? this.#lines(call) : [line("idle", this.texts.idle)]));
    this.#calls.replaceChildren(...calls.map((each) => this.#item(each)));
    this.#answers.value = answers;
    if (dial !== this.#dial) this.#number.value = dial ?? "";
    this.#dial = dial;
  }

  #lines({ kind, from, said }) {
    if (!said) return [line("small", this.texts[`${kind}Rings`]), line("large", from)];
    const digits = [...said].join(" ");
    return [
      line("small", from),
      line("small", this.texts.robotSays),
      line("large", `«${this.texts.said.replace("{digits}", digits)}»`),
    ];
  }

  #item({ from, said }) {
    const item = document.createElement("li");
    const what = said ? this.texts.answered.replace("{digits}", said) : this.texts.missed;
    item.append(line("number", from), line("what", what));
    return item;
  }

  async #press(from) {
    const answer = await send("POST", "phone/calls", { number: this.#number.value, from });
    this.#wrong.hidden = answer.ok;
    this.#wrong.textContent = answer.ok ? "" : this.texts.wrong;
  }
}

function line(className, text) {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  return made;
}

function send(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  return fetch(path, { method, headers, body: JSON.stringify(body) });
}

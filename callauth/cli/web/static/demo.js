// The demo: chooses a flow for the element, and plays the phone beside it.

import { TEXTS } from "./words.js";
import { play } from "./phone.js";

const FLOWS = ["flash", "robot", "telefonip", "nerotech"];
const PURPOSE = "login";

const query = new URLSearchParams(location.search);
const asked = query.get("lang") ?? navigator.language;
const language = asked.toLowerCase().startsWith("ru") ? "ru" : "en";
const texts = TEXTS[language];
const heard = document.querySelector("#heard");

document.documentElement.lang = language;
for (const each of document.querySelectorAll("[data-text]")) {
  each.textContent = texts[each.dataset.text];
}
offerOtherLanguage();
play(texts);
await import("./callauth-verify.js");
offerFlows();

for (const name of ["callauth:verified", "callauth:failed"]) {
  document.addEventListener(name, ({ type, detail }) => {
    const { assurance, state, reason } = detail;
    heard.textContent = [type, assurance ?? state, reason].filter(Boolean).join(" · ");
  });
}

function offerFlows() {
  const flow = FLOWS.includes(query.get("flow")) ? query.get("flow") : FLOWS[0];
  for (const input of document.querySelectorAll("[name=flow]")) {
    input.checked = input.value === flow;
    input.addEventListener("change", () => show(input.value));
  }
  show(flow);
}

function show(flow) {
  const stage = document.createElement("callauth-verify");
  stage.setAttribute("src", `/${flow}`);
  stage.setAttribute("purpose", PURPOSE);
  document.querySelector("#stage").replaceChildren(stage);
  heard.textContent = "—";
  query.set("flow", flow);
  // So that a reload, and the other language, go on with the same flow.
  history.replaceState(null, "", `?${query}`);
  offerOtherLanguage();
}

function offerOtherLanguage() {
  const link = document.querySelector("#language");
  const other = language === "ru" ? "en" : "ru";
  const there = new URLSearchParams(query);
  there.set("lang", other);
  link.href = `?${there}`;
  link.lang = link.hreflang = other;
  link.textContent = other === "ru" ? "По-русски" : "English";
}

// Texts: everything that is said to a person, in Russian and in English.
//
// They promise only what is known: neither that a call is free, nor how long it rings.
// {n} is a number, and the forms beside it are those of Intl.PluralRules.

const RU = {
  phoneTitle: "Подтвердите номер",
  phoneText: "Мы позвоним вам или попросим позвонить нам.",
  phoneLabel: "Номер телефона",
  phoneHint: "В любом виде, например 8\u00a0999\u00a0123‑45‑67",
  phoneGo: "Продолжить",
  phoneBusy: "Соединяем…",

  startingTitle: "Соединяем…",
  startingText: "Это займёт несколько секунд.",

  flashTitle: "Мы звоним вам",
  flashText: {
    one: "Отвечать не нужно: введите последнюю цифру номера, с которого звонят.",
    few: "Отвечать не нужно: введите последние {n} цифры номера, с которого звонят.",
    many: "Отвечать не нужно: введите последние {n} цифр номера, с которого звонят.",
  },
  flashLabel: "Последние цифры номера",
  flashHint: "Звонок может прерваться почти сразу: номер останется в истории звонков.",
  voiceTitle: "Вам звонит робот",
  voiceText: {
    one: "Ответьте и введите {n} цифру, которую он продиктует.",
    few: "Ответьте и введите {n} цифры, которые он продиктует.",
    many: "Ответьте и введите {n} цифр, которые он продиктует.",
  },
  voiceLabel: "Код из звонка",
  voiceHint: "Код проверится сам, как только вы введёте последнюю цифру.",
  pinGo: "Подтвердить",
  pinBusy: "Проверяем…",
  pinShort: {
    one: "Нужна {n} цифра.",
    few: "Нужно {n} цифры.",
    many: "Нужно {n} цифр.",
  },
  pinWrong: {
    one: "Цифры не те. Осталась {n} попытка.",
    few: "Цифры не те. Осталось {n} попытки.",
    many: "Цифры не те. Осталось {n} попыток.",
  },

  dialTitle: "Позвоните нам",
  dialText: "Наберите этот номер с телефона, который подтверждаете.",
  dialGo: "Позвонить",
  dialScan: "Наведите камеру телефона: он сам наберёт номер.",
  dialHint:
    "Если вы услышите, что номер недоступен, или связь сразу прервётся, звонок всё равно будет засчитан.",
  dialWaiting: "Ждём ваш звонок",
  dialChecking: "Проверяем, дошёл ли звонок…",
  pictureOf: "QR-код номера",

  yourPhone: "Ваш номер оканчивается на",
  left: "Осталось",
  soonOver: "Осталось полминуты.",
  change: "Изменить",
  changeNumber: "Изменить номер",
  noCall: "Звонка нет?",
  cannotDial: "Не получается позвонить?",
  next: "Другой способ",
  nextAt: "Другой способ через {t}",
  again: "Позвонить ещё раз",
  againAt: "Позвонить ещё раз через {t}",
  retry: "Попробовать ещё раз",
  retryAt: "Попробовать через {t}",
  over: "Начать заново",

  verifiedTitle: "Номер подтверждён",
  verifiedText: "Спасибо, всё готово.",
  expiredTitle: "Время вышло",
  expiredText: "Ничего страшного: попробуйте ещё раз.",
  triesTitle: "Слишком много ошибок",
  triesText: "Эти цифры больше не подойдут. Попробуйте ещё раз.",
  other_callerTitle: "Позвонили с другого номера",
  other_callerText: "Нужен звонок с того телефона, который вы подтверждаете.",
  cancelledTitle: "Подтверждение отменено",
  cancelledText: "Можно начать заново.",
  not_calledTitle: "Не получилось позвонить",
  not_calledText: "Проверьте номер или попробуйте немного позже.",
  unknownTitle: "Не знаем, состоялся ли звонок",
  unknownText: "Чтобы не звонить дважды, подождите немного и начните заново.",

  "invalid-phone": "На такой номер мы позвонить не можем. Проверьте цифры.",
  "invalid-pin": "Введите только цифры.",
  "phone-busy": "На этот номер только что звонили или ждут звонка с него. Подождите немного.",
  "too-many-attempts": "Слишком часто. Подождите немного.",
  "not-called": "Не получилось позвонить. Проверьте номер или попробуйте немного позже.",
  "no-other-way": "Другого способа сейчас нет.",
  "not-found": "Это подтверждение уже закончилось. Начните заново.",
  offline: "Нет связи. Проверьте интернет и попробуйте ещё раз.",
  other: "Что-то пошло не так. Попробуйте немного позже.",
};

const EN = {
  phoneTitle: "Verify your number",
  phoneText: "We will call you, or ask you to call us.",
  phoneLabel: "Phone number",
  phoneHint: "Any spelling, such as 8\u00a0999\u00a0123‑45‑67",
  phoneGo: "Continue",
  phoneBusy: "Connecting…",

  startingTitle: "Connecting…",
  startingText: "This takes a few seconds.",

  flashTitle: "We are calling you",
  flashText: {
    one: "Do not answer: type the last digit of the number that calls.",
    other: "Do not answer: type the last {n} digits of the number that calls.",
  },
  flashLabel: "Last digits of the number",
  flashHint: "The call may end almost at once: the number stays in your call log.",
  voiceTitle: "A robot is calling you",
  voiceText: {
    one: "Answer the call and type the {n} digit that it says.",
    other: "Answer the call and type the {n} digits that it says.",
  },
  voiceLabel: "Code from the call",
  voiceHint: "The code is checked as soon as you type its last digit.",
  pinGo: "Verify",
  pinBusy: "Checking…",
  pinShort: { one: "It takes {n} digit.", other: "It takes {n} digits." },
  pinWrong: {
    one: "Those are not the digits. You have {n} try left.",
    other: "Those are not the digits. You have {n} tries left.",
  },

  dialTitle: "Call us",
  dialText: "Dial this number from the phone you are verifying.",
  dialGo: "Call",
  dialScan: "Point your phone’s camera here: it dials by itself.",
  dialHint:
    "You may hear that the number is unavailable, or the call ends at once: it counts all the same.",
  dialWaiting: "Waiting for your call",
  dialChecking: "Checking whether your call came in…",
  pictureOf: "QR code of the number",

  yourPhone: "Your number ends with",
  left: "Time left",
  soonOver: "Half a minute left.",
  change: "Change",
  changeNumber: "Change number",
  noCall: "No call?",
  cannotDial: "Cannot call?",
  next: "Another way",
  nextAt: "Another way in {t}",
  again: "Call again",
  againAt: "Call again in {t}",
  retry: "Try again",
  retryAt: "Try again in {t}",
  over: "Start over",

  verifiedTitle: "Number verified",
  verifiedText: "Thank you, that is all.",
  expiredTitle: "Time is over",
  expiredText: "No harm done: just try again.",
  triesTitle: "Too many wrong digits",
  triesText: "These digits are no longer good. Try again.",
  other_callerTitle: "Another phone called",
  other_callerText: "The call must come from the phone you are verifying.",
  cancelledTitle: "Verification cancelled",
  cancelledText: "You can start over.",
  not_calledTitle: "The call did not work",
  not_calledText: "Check the number, or try again a little later.",
  unknownTitle: "We cannot tell whether the call was placed",
  unknownText: "So that you are not called twice, wait a little and start over.",

  "invalid-phone": "We cannot call such a number. Check its digits.",
  "invalid-pin": "Type digits only.",
  "phone-busy": "This number has just been called, or is waited for. Wait a little.",
  "too-many-attempts": "Too often. Wait a little.",
  "not-called": "The call did not work. Check the number, or try again a little later.",
  "no-other-way": "There is no other way now.",
  "not-found": "This verification is over. Start anew.",
  offline: "No connection. Check your network and try again.",
  other: "Something went wrong. Try again a little later.",
};

export const TEXTS = { ru: RU, en: EN };

/** The texts of one language; another one than Russian is English. */
export class Texts {
  constructor(language) {
    this.language = language?.toLowerCase().startsWith("ru") ? "ru" : "en";
    this.#forms = new Intl.PluralRules(this.language);
  }

  #forms;

  /** Say it; `n` chooses the form of a noun, `t` are seconds to show as 1:05. */
  say(name, { n, t } = {}) {
    const found = TEXTS[this.language][name] ?? TEXTS[this.language].other;
    const text = typeof found === "string" ? found : found[this.#forms.select(n)];
    // A number stays on one line with the word beside it.
    return text
      .replace("{n} ", `${n}\u00a0`)
      .replace(" {t}", t === undefined ? "" : `\u00a0${minutes(t)}`);
  }
}

/** Write whole seconds as minutes and seconds. */
export function minutes(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

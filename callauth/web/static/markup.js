// Markup: elements made one by one, never from text that is parsed as HTML, so that a
// page may demand Trusted Types and forbid inline styles.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = ["svg", "g", "path"];
const ATTRIBUTES = ["viewBox", "transform", "d", "fill", "stroke", "stroke-width"];

const ICONS = {
  phone: "M7 2h10a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2zM11 18.5h2",
  incoming: "M21 3l-6 6M15 4v5h5M5 4h3.5l1.5 4-2 1.5a11 11 0 0 0 5.500 5.500L15 13l4 1.500V18a2 2 0 0 1-2 2A14 14 0 0 1 3 6a2 2 0 0 1 2-2z",
  outgoing: "M15 9l6-6M16 3h5v5M5 4h3.5l1.5 4-2 1.5a11 11 0 0 0 5.500 5.500L15 13l4 1.500V18a2 2 0 0 1-2 2A14 14 0 0 1 3 6a2 2 0 0 1 2-2z",
  check: "M5 12.5l4.500 4.500L19 7.500",
  clock: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 7.500V12l3 2",
  stop: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 8v4.500M12 16v.010",
};

/** Make an element: properties are set, those with a dash are attributes. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || !(name in made)) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Make one of the icons, which say nothing that the text does not. */
export function icon(name) {
  const made = svgElement("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  made.append(svgElement("path", { d: ICONS[name] }));
  return made;
}

/**
 * Draw a picture of plain paths, such as a QR code, from the text of an SVG.
 * Whatever else the text holds is left out: only known tags and attributes are made.
 */
export function drawing(text) {
  const root = document.createDocumentFragment();
  const open = [root];
  for (const [, end, tag, rest, isEmpty] of text.matchAll(/<(\/?)(\w+)([^>]*?)(\/?)>/g)) {
    if (!DRAWN.includes(tag)) continue;
    if (end) {
      if (open.length > 1) open.pop();
      continue;
    }
    const made = svgElement(tag, {});
    for (const [, name, value] of rest.matchAll(/([\w-]+)="([^"]*)"/g)) {
      if (ATTRIBUTES.includes(name)) made.setAttribute(name, value);
    }
    open.at(-1).append(made);
    if (!isEmpty) open.push(made);
  }
  return root.firstElementChild;
}

function svgElement(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

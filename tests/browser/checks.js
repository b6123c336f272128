// What a reader of the page must be able to rely on. Returns one line for each fault: what kind, and where.
// arguments[0]: the width of the screen in CSS pixels.
const width = arguments[0];
const faults = [];
const fault = (kind, text) => faults.push(`${kind}: ${text}`);
const where = (element) => {
  const text = (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 50);
  return `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}"> ${text}`;
};
const shown = (element) => element.getClientRects().length > 0;
document.querySelectorAll("details").forEach((details) => { details.open = true; });

// Nothing comes from elsewhere, and nothing runs.
const within = (address) => address.startsWith("#") || address.startsWith("data:");
for (const element of document.querySelectorAll("*")) {
  for (const attribute of ["src", "srcset", "href", "xlink:href", "poster", "data", "action"]) {
    const address = element.getAttribute(attribute);
    if (address !== null && !within(address)) fault("outside", `${attribute}="${address}"`);
  }
  if (["SCRIPT", "LINK", "IFRAME", "OBJECT", "EMBED"].includes(element.tagName)) fault("outside", where(element));
}
for (const entry of performance.getEntriesByType("resource")) {
  if (!entry.name.startsWith("data:")) fault("outside", `fetched ${entry.name}`);
}
for (const sheet of document.styleSheets) {
  for (const rule of sheet.cssRules) {
    if (/@import|url\((?!["']?data:)/.test(rule.cssText)) fault("outside", rule.cssText.slice(0, 80));
  }
}

// Links lead somewhere, and every section can be reached by one.
const targets = new Set();
for (const link of document.querySelectorAll("a[href^='#']")) {
  const id = link.getAttribute("href").slice(1);
  targets.add(id);
  const target = document.getElementById(id);
  if (target === null || !shown(target)) fault("anchor", `#${id}`);
}
for (const section of document.querySelectorAll("main section")) {
  if (!targets.has(section.id)) fault("anchor", `no link to #${section.id}`);
}

// Colours as sRGB in 0..1 with opacity.
const colour = (text) => {
  // What is mixed of two colours.
  const mixed = /^color\(srgb ([^)]*)\)$/.exec(text);
  if (mixed !== null) {
    const [r, g, b, a = 1] = mixed[1].split(/[\s/]+/).map(Number);
    return { rgb: [r, g, b], a };
  }
  const numbers = /^rgba?\(([^)]*)\)$/.exec(text);
  if (numbers === null) return null;
  const [r, g, b, a = 1] = numbers[1].split(/[\s,/]+/).map(Number);
  return { rgb: [r / 255, g / 255, b / 255], a };
};
const over = (front, back) => ({ rgb: front.rgb.map((c, i) => c * front.a + back.rgb[i] * (1 - front.a)), a: 1 });
const background = (element) => {
  const layers = [];
  for (let at = element; at !== null; at = at.parentElement) {
    const layer = colour(getComputedStyle(at).backgroundColor);
    if (layer !== null && layer.a > 0) layers.push(layer);
    if (layer !== null && layer.a === 1) break;
  }
  const canvas = { rgb: matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [1, 1, 1], a: 1 };
  return layers.reduceRight((back, front) => over(front, back), canvas);
};
const luminance = ({ rgb }) => {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};
const opacity = (element) => {
  let product = 1;
  for (let at = element; at !== null; at = at.parentElement) product *= Number(getComputedStyle(at).opacity);
  return product;
};
const readable = (element, text, least) => {
  const front = colour(text);
  if (front === null) return fault("contrast", `no colour that is understood, ${text}: ${where(element)}`);
  const back = background(element);
  const found = contrast(over({ rgb: front.rgb, a: front.a * opacity(element) }, back), back);
  if (found < least) fault("contrast", `${found.toFixed(2)} of ${least}: ${where(element)}`);
};

// All text can be read.
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  const drawing = element.closest("svg");
  if (texts.currentNode.data.trim() === "" || !shown(element) || element.closest("svg > title") !== null) continue;
  const style = getComputedStyle(element);
  if (style.visibility !== "visible") fault("hidden", where(element));
  const scale = drawing === null ? 1 : drawing.getScreenCTM().a;
  const size = parseFloat(style.fontSize) * scale;
  if (size < 11.99) fault("size", `${size.toFixed(1)} px: ${where(element)}`);
  readable(element, drawing === null ? style.color : style.fill, 4.5);
}

// Nothing is wider than the screen but what scrolls in a box of its own.
const scrolls = (element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
const box = (element) => {
  for (let at = element.parentElement; at !== null; at = at.parentElement) if (scrolls(at)) return at;
  return null;
};
if (document.documentElement.scrollWidth > width) {
  fault("sideways", `the page is ${document.documentElement.scrollWidth} px wide`);
}
for (const element of document.body.querySelectorAll("*")) {
  if (!shown(element) || box(element) !== null || element.closest("svg svg, svg *") !== null) continue;
  const { left, right } = element.getBoundingClientRect();
  if (left < -0.5 || right > width + 0.5) fault("sideways", `${left.toFixed(0)} to ${right.toFixed(0)}: ${where(element)}`);
}
for (const table of document.querySelectorAll("table")) {
  const around = box(table);
  if (around === null) { fault("table", `in no box that scrolls: ${where(table)}`); continue; }
  if (table.offsetWidth > around.clientWidth + 1) {
    around.scrollLeft = 1e6;
    if (around.scrollLeft === 0) fault("table", `does not scroll: ${where(table)}`);
    around.scrollLeft = 0;
  }
}

// Drawings have lines that stand out, and labels that are whole and apart.
const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
for (const drawing of document.querySelectorAll("svg")) {
  const frame = drawing.getBoundingClientRect();
  const title = drawing.getAttribute("aria-label") || where(drawing);
  if (frame.width < 200 || frame.height < 100) fault("drawing", `${frame.width} x ${frame.height}: ${title}`);
  if (frame.left < -0.5 || frame.right > width + 0.5) fault("drawing", `outside of the screen: ${title}`);
  const lines = [...drawing.querySelectorAll("polyline, line, path")].filter((line) => parseFloat(getComputedStyle(line).strokeWidth) >= 2);
  if (lines.length === 0 && drawing.querySelector("circle") === null) fault("drawing", `no line: ${title}`);
  for (const line of lines) readable(line, getComputedStyle(line).stroke, 3);
  const labels = [...drawing.querySelectorAll("text")].filter((label) => label.textContent.trim() !== "");
  const rects = labels.map((label) => label.getBoundingClientRect());
  rects.forEach((rect, i) => {
    const inside = rect.left >= frame.left - 1 && rect.right <= frame.right + 1 && rect.top >= frame.top - 1 && rect.bottom <= frame.bottom + 1;
    if (!inside) fault("label", `cut off: ${labels[i].textContent} of ${title}`);
    rects.slice(0, i).forEach((other, j) => {
      if (!apart(rect, other)) fault("label", `${labels[j].textContent} and ${labels[i].textContent} overlap: ${title}`);
    });
  });
}
for (const image of document.images) {
  const { width: across, height: down } = image.getBoundingClientRect();
  const loaded = image.complete && image.naturalWidth > 0 && across > 0 && down > 0;
  if (!loaded) fault("image", image.alt || image.src.slice(0, 60));
  if (!image.alt) fault("image", `without words: ${image.src.slice(0, 60)}`);
}
return faults;

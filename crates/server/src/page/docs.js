"use strict";

/** An element with text and children; text is never read as markup. */
function element(name, options, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(options || {})) {
    if (key === "text") made.textContent = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter(Boolean));
  return made;
}

/** The word for what a schema holds. */
function kind(schema) {
  if (!schema || !schema.type) return "any";
  if (schema.type === "array") return "list of " + kind(schema.items);
  return Array.isArray(schema.type) ? schema.type.join(" or ") : schema.type;
}

function table(heads, rows) {
  const head = element("tr", {}, ...heads.map((text) => element("th", { text, scope: "col" })));
  const body = rows.map((row) => element("tr", {}, ...row.map((text) => element("td", { text }))));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
}

function section(title, content) {
  return [element("h3", { text: title }), content];
}

function code(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return element("pre", { text });
}

/** How it is asked for on a command line. */
function command(method, path, body) {
  let text = "curl -X " + method.toUpperCase() + " -H \"Authorization: Bearer $KEY\" \"$LOCARD" + path + "\"";
  if (body) text += " \\\n  -H 'Content-Type: application/json' -d '" + JSON.stringify(body) + "'";
  return text;
}

function parts(method, path, operation) {
  const shown = [element("p", { text: operation.description || "" })];
  const parameters = (operation.parameters || []).map((parameter) => [
    parameter.name, parameter.in, parameter.required ? "yes" : "no",
  ]);
  if (parameters.length) shown.push(...section("Parameters", table(["name", "in", "required"], parameters)));
  const content = operation.requestBody && operation.requestBody.content["application/json"];
  if (content) {
    const required = content.schema.required || [];
    const fields = Object.entries(content.schema.properties || {}).map(([name, schema]) => [
      name, kind(schema), required.includes(name) ? "yes" : "no",
    ]);
    if (fields.length) shown.push(...section("Body", table(["field", "type", "required"], fields)));
  }
  shown.push(...section("Request", code(command(method, path, content && content.example))));
  const answers = Object.entries(operation.responses || {}).map(([status, answer]) => [status, answer.description]);
  shown.push(...section("Answers", table(["status", "meaning"], answers)));
  for (const answer of Object.values((operation.responses["200"] || {}).content || {})) {
    if (answer.example !== undefined) shown.push(...section("Example", code(answer.example)));
  }
  return element("div", {}, ...shown);
}

function shownOperation(method, path, operation) {
  const summary = element("summary", {},
    element("span", { class: "method", text: method.toUpperCase() }),
    element("span", { class: "path", text: path }),
    element("span", { class: "summary", text: operation.summary || "" }));
  const details = element("details", {}, summary);
  details.dataset.words = (method + " " + path + " " + (operation.summary || "") + " " + (operation.description || "")).toLowerCase();
  // Built when it is opened: there are many.
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(parts(method, path, operation));
  });
  return details;
}

/** The part of the interface that a path belongs to. */
function group(path) {
  const found = /^\/api\/(?:public\/)?v\d\/([^/]+)/.exec(path);
  if (!found) return "server";
  return path.startsWith("/api/public/") ? "reference " + path.split("/")[3] : found[1];
}

function show(spec) {
  document.getElementById("about").textContent =
    spec.info.description + ". Version " + spec.info.version + ". Every request but the first few needs a key.";
  const groups = new Map();
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const name = group(path);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(shownOperation(method, path, operation));
    }
  }
  const place = document.getElementById("operations");
  for (const [name, operations] of groups) {
    place.append(element("section", {}, element("h2", { text: name }), ...operations));
  }
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const part of document.querySelectorAll("section")) {
    let any = false;
    for (const details of part.querySelectorAll("details")) {
      details.hidden = !words.every((word) => details.dataset.words.includes(word));
      any = any || !details.hidden;
    }
    part.hidden = !any;
  }
}

document.getElementById("filter").addEventListener("input", (event) => filter(event.target.value));
fetch("/openapi.json")
  .then((answer) => answer.json())
  .then(show)
  .catch(() => { document.getElementById("about").textContent = "The reference could not be read."; });

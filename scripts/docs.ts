// Writes what can be generated of the documentation: the JSON Schema for editors and the references.
import { writeFileSync } from "node:fs";
import { COMMANDS } from "../src/cli/main.ts";
import { configSchema } from "../src/config/show/json-schema.ts";
import { ALIASES, ALIASES_BY_VALUE, NO_EFFECT, NOT_YET, REFUSED } from "../src/config/spellings/table.ts";
import { ERRORS, type ErrorRow } from "../src/core/errors.ts";
import { cell, code, document, table } from "./markdown.ts";
import { reference } from "./reference.ts";

/** Generated file → what it must hold. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/gateway.schema.json", `${JSON.stringify(configSchema(), null, 2)}\n`],
    ["docs/configuration.md", reference()],
    ["docs/old-spellings.md", spellings()],
    ["docs/errors.md", errors()],
    ["docs/commands.md", commands()],
  ]);
}

function spellings(): string {
  return document([
    "# Spellings of older files",
    "Keys that older configuration files may contain besides those of the [reference](configuration.md). Paths are relative to `gateway`.",
    "## Old spellings",
    "Accepted; each warns once.",
    table(
      ["written", "means"],
      [
        ...ALIASES.map(([from, to]) => [code(from), code(to)]),
        ...ALIASES_BY_VALUE.map(([from, to, , values]) => [`${code(from)} ${values}`, code(to)]),
      ],
    ),
    "## Keys without effect",
    "Accepted for compatibility with older files; each warns once.",
    NO_EFFECT.map((path) => `- ${code(path)}`).join("\n"),
    "## Refused keys",
    "Ignoring them would widen a match or drop a protection.",
    table(
      ["key", "instead"],
      REFUSED.map(([path, why]) => [code(path), why]),
    ),
    "## Not in this version",
    "Part of the format, rejected until the feature exists.",
    NOT_YET.map((path) => `- ${code(path)}`).join("\n"),
  ]);
}

function errors(): string {
  const rows = Object.entries(ERRORS).map(([name, row]: [string, ErrorRow]) => [
    code(name),
    String(row.status),
    code(row.type),
    row.message,
    row.close === true ? "closed" : "",
  ]);
  return document([
    "# Errors the gateway answers with",
    "The code is in `error.code` of the body and in the access log. [What a failure looks like](guides/failures.md) describes when each occurs.",
    table(["code", "status", "type", "message", "client connection"], rows),
  ]);
}

function commands(): string {
  const sections = COMMANDS.flatMap(({ name, operands, summary, flags, help }) => {
    const shorts = Object.keys(flags).filter((flag) => !Object.hasOwn(help, flag));
    const rows = Object.entries(help).map(([flag, text]) => {
      const short = shorts.filter((s) => s === flag.charAt(0)).map((s) => `, ${code(`-${s}`)}`);
      return [`${code(`-${flag}`)}${short.join("")}`, flags[flag] === "bool" ? "yes or no" : "text", cell(text)];
    });
    const title = `## ${code(`gateway ${name}${operands === "" ? "" : ` ${operands}`}`)}`;
    return [title, `${summary}.`, ...(rows.length === 0 ? [] : [table(["flag", "takes", "meaning"], rows)])];
  });
  return document([
    "# Commands",
    "`node dist/main.js` is the command `gateway` of the installed package.",
    "Flags are written `-x v`, `-x=v`, `--x v` or `--x=v`. Exit codes: 0 fine, 1 failed, 2 command line not understood.",
    ...sections,
  ]);
}

if (import.meta.filename === process.argv[1]) {
  for (const [path, text] of generatedDocs()) writeFileSync(path, text);
}

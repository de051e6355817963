// Reads forms with files, as uploads send them (RFC 7578).
import type { Exchange } from "../exchange.ts";
import { Refusal } from "../rules/refusal.ts";

/** One part of a form. */
export interface FormPart {
  readonly name: string;
  /** null: it is no file. */
  readonly filename: string | null;
  readonly type: string;
  readonly content: Buffer;
}

/** Parts by name. */
export type Form = ReadonlyMap<string, FormPart>;

/** @throws Refusal the body is no complete form, or lacks a field */
export function readForm(exchange: Exchange, ...needed: readonly string[]): Form {
  const [, quoted, bare] =
    /^multipart\/form-data;.*\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(exchange.header("content-type")) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) throw new Refusal("invalid", "The content type must be multipart/form-data.");
  const form = new Map(partsOf(exchange.body, boundary).map((part) => [part.name, part]));
  for (const name of needed) {
    if (!form.has(name)) throw new Refusal("invalid", `Missing required parameter: '${name}'.`, name);
  }
  return form;
}

/** Text of a field; "" absent. */
export function fieldOf(form: Form, name: string): string {
  return form.get(name)?.content.toString("utf8") ?? "";
}

function partsOf(body: Buffer, boundary: string): FormPart[] {
  const mark = Buffer.from(`--${boundary}`);
  const parts: FormPart[] = [];
  let at = body.indexOf(mark);
  while (at !== -1) {
    const start = at + mark.length;
    if (body.subarray(start, start + 2).toString("latin1") === "--") return parts;
    at = body.indexOf(mark, start);
    if (at === -1) break;
    parts.push(partOf(body.subarray(start + 2, at - 2)));
  }
  throw new Refusal("invalid", "The form ends before its last boundary.");
}

function partOf(part: Buffer): FormPart {
  const gap = part.indexOf("\r\n\r\n");
  const head = part.subarray(0, gap).toString("utf8");
  const name = /\bname="([^"]*)"/i.exec(head)?.[1] ?? "";
  const filename = /\bfilename="([^"]*)"/i.exec(head)?.[1] ?? null;
  const type = /^content-type:\s*(\S+)/im.exec(head)?.[1] ?? "text/plain";
  return { name, filename, type, content: part.subarray(gap + 4) };
}

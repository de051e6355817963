// Keeps 64-bit integers exact: JSON.parse makes doubles of numbers, and 9007199254740993 is not one.
import type { DescMessage } from "@bufbuild/protobuf";

/** Integers of fewer digits are exact as doubles. */
const MIN_DIGITS = 16;
/** Types whose numbers are doubles, or whose content another type decides: there a text would stay a text. */
const FREE_FORM: ReadonlySet<string> = new Set([
  "google.protobuf.Struct",
  "google.protobuf.Value",
  "google.protobuf.ListValue",
  "google.protobuf.Any",
]);

/**
 * Puts long integers of a JSON text in quotes, which the proto3 JSON mapping reads as the same number, exactly. Texts
 * for messages that may hold free-form JSON are left alone.
 */
export function exactIntegers(text: string, type: DescMessage): string {
  if (!/\d{16}/.test(text) || holdsFreeForm(type, new Set())) return text;
  let out = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) i = endOfString(text, i);
    else if (isDigit(c)) {
      const start = text[i - 1] === "-" ? i - 1 : i;
      const digits = i;
      while (isDigit(text.charCodeAt(i))) i++;
      // A whole number on its own: not a fraction, not an exponent, no leading zero.
      const alone = !/[.eE+\d]/.test(text[start - 1] ?? "") && !/[.eE]/.test(text[i] ?? "") && c !== 0x30;
      if (i - digits >= MIN_DIGITS && alone) {
        out += `${text.slice(from, start)}"${text.slice(start, i)}"`;
        from = i;
      }
      i--;
    }
  }
  return out + text.slice(from);
}

/** Index of the closing quote. */
function endOfString(text: string, open: number): number {
  let i = open + 1;
  while (i < text.length && text.charCodeAt(i) !== 0x22) i += text.charCodeAt(i) === 0x5c ? 2 : 1;
  return i;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function holdsFreeForm(type: DescMessage, seen: Set<DescMessage>): boolean {
  if (FREE_FORM.has(type.typeName)) return true;
  if (seen.has(type)) return false;
  seen.add(type);
  return type.fields.some(({ message }) => message !== undefined && holdsFreeForm(message, seen));
}

// Distinguished names: compared by RFC 5280 §7.1, written by RFC 4514.
import { type Der, dottedOid, OID, SEQUENCE, SET } from "./der.ts";
import { hasControls, textOf } from "./der-text.ts";

const COMMON_NAME = "2.5.4.3";
/** The short names of attribute types in RFC 4514 §3. */
const SHORT: Readonly<Record<string, string>> = {
  [COMMON_NAME]: "CN",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.6": "C",
  "2.5.4.9": "STREET",
  "0.9.2342.19200300.100.1.25": "DC",
  "0.9.2342.19200300.100.1.1": "UID",
};

interface Attribute {
  readonly type: Der;
  readonly value: Der;
}

/** The relative distinguished names of a name, each a set of attributes. @throws TlsFault */
function relativeNames(name: Der): readonly (readonly Attribute[])[] {
  return name
    .as(SEQUENCE)
    .children()
    .map((set) => set.as(SET).children().map(attributeOf));
}

function attributeOf(element: Der): Attribute {
  const [type, value] = element.as(SEQUENCE).children();
  return { type: type!.as(OID), value: value! };
}

/**
 * A text that is equal for equal names. As in OpenSSL, string type, ASCII case and repeated spaces do not matter.
 * @throws TlsFault
 */
export function canonicalName(name: Der): string {
  const folded = ({ type, value }: Attribute) => {
    const text = textOf(value);
    if (text === null) return `${type.hex} ${value.raw.toString("hex")}`;
    const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    return `${type.hex}=${lower.replace(/[\t-\r ]+/g, " ").trim()}`;
  };
  return JSON.stringify(relativeNames(name).map((set) => set.map(folded).sort()));
}

/** The name in the notation of RFC 4514, the most specific part first; "" for an empty name. @throws TlsFault */
export function writtenName(name: Der): string {
  const written = ({ type, value }: Attribute) => {
    const oid = dottedOid(type);
    const short = SHORT[oid];
    const text = short === undefined ? null : textOf(value);
    return text === null ? `${short ?? oid}=#${value.raw.toString("hex")}` : `${short}=${escapeValue(text)}`;
  };
  return relativeNames(name)
    .map((set) => set.map(written).join("+"))
    .reverse()
    .join(",");
}

/** The common name, not escaped; null if there is none or more than one, or if it is not text. */
export function commonName(name: Der): string | null {
  const [first, ...more] = relativeNames(name)
    .flat()
    .filter(({ type }) => dottedOid(type) === COMMON_NAME);
  return first === undefined || more.length > 0 ? null : textOf(first.value);
}

/** Whether any attribute of a name contains a control character. */
export function nameHasControls(name: Der): boolean {
  return relativeNames(name)
    .flat()
    .some(({ value }) => hasControls(textOf(value) ?? ""));
}

/** Escapes the value of an attribute (RFC 4514 §2.4). */
export function escapeValue(text: string): string {
  return text
    .replace(/["+,;<>\\]/g, "\\$&")
    .replace(/^[ #]|[ ]$/g, "\\$&")
    .replace(/[\u0000-\u001f\u007f]/g, (control) => `\\${control.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

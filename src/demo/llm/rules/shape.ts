// Checks the shape of a request as strictly as the real APIs do: the fields of each are data.

/** Where a value is: keys and indices from the top. */
export type Place = readonly (string | number)[];

/** Why a value is refused. */
export type MismatchKind = "unknown" | "missing" | "type" | "value" | "pattern" | "tooLong" | "range";

/** Thrown by shapes; each API words it in its own way. */
export class Mismatch extends Error {
  readonly kind: MismatchKind;
  readonly place: Place;
  /** What would be right, in words. */
  readonly expected: string;
  readonly found: unknown;

  constructor(kind: MismatchKind, place: Place, expected: string, found: unknown) {
    super(`${place.join(".")}: ${kind}, expected ${expected}`);
    this.kind = kind;
    this.place = place;
    this.expected = expected;
    this.found = found;
  }
}

/** Accepts a value, or throws a {@link Mismatch}. */
export type Shape = (value: unknown, at: Place) => void;

/** Fields by name. */
type Shapes = Readonly<Record<string, Shape>>;

/** Anything. */
export const anything: Shape = () => undefined;

/** A text. @param most longest, characters */
export function text(most = Number.POSITIVE_INFINITY): Shape {
  return (value, at) => {
    if (typeof value !== "string") throw new Mismatch("type", at, "a string", value);
    if (value.length > most) throw new Mismatch("tooLong", at, String(most), value);
  };
}

/** A text of a form. */
export function pattern(form: RegExp): Shape {
  return (value, at) => {
    if (typeof value !== "string") throw new Mismatch("type", at, "a string", value);
    if (!form.test(value)) throw new Mismatch("pattern", at, form.source, value);
  };
}

/** One of some texts. */
export function oneOf(...values: readonly string[]): Shape {
  const expected = values.map((value) => `'${value}'`).join(", ");
  return (value, at) => {
    if (typeof value !== "string") throw new Mismatch("type", at, "a string", value);
    if (!values.includes(value)) throw new Mismatch("value", at, expected, value);
  };
}

/** A number in a range. */
export function number(least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): Shape {
  return (value, at) => {
    if (typeof value !== "number") throw new Mismatch("type", at, "a number", value);
    if (value < least) throw new Mismatch("range", at, `at least ${least}`, value);
    if (value > most) throw new Mismatch("range", at, `at most ${most}`, value);
  };
}

/** A whole number in a range. */
export function whole(least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): Shape {
  const inRange = number(least, most);
  return (value, at) => {
    if (typeof value === "number" && !Number.isInteger(value)) throw new Mismatch("type", at, "an integer", value);
    inRange(value, at);
  };
}

/** `true` or `false`. */
export const bool: Shape = (value, at) => {
  if (typeof value !== "boolean") throw new Mismatch("type", at, "a boolean", value);
};

/** An object of any content, such as a JSON schema. */
export const anyObject: Shape = (value, at) => {
  if (!isRecord(value)) throw new Mismatch("type", at, "an object", value);
};

/** A list. */
export function list(each: Shape, least = 0, most = Number.POSITIVE_INFINITY): Shape {
  return (value, at) => {
    if (!Array.isArray(value)) throw new Mismatch("type", at, "an array", value);
    if (value.length < least) throw new Mismatch("range", at, `at least ${least} items`, value);
    if (value.length > most) throw new Mismatch("range", at, `at most ${most} items`, value);
    for (const [i, item] of value.entries()) each(item, [...at, i]);
  };
}

/** An object whose fields are known. */
export function fields(required: Shapes, optional: Shapes = {}): Shape {
  return (value, at) => {
    if (!isRecord(value)) throw new Mismatch("type", at, "an object", value);
    for (const key of Object.keys(required)) {
      if (value[key] === undefined) throw new Mismatch("missing", [...at, key], "a value", undefined);
    }
    for (const [key, item] of Object.entries(value)) {
      const shape = ownShape(required, key) ?? ownShape(optional, key);
      if (shape === undefined) throw new Mismatch("unknown", [...at, key], "nothing", item);
      shape(item, [...at, key]);
    }
  };
}

/** An object whose field `key` says which shape it has. @param otherwise value of a field that is absent; "" it is required */
export function tagged(key: string, shapes: Shapes, otherwise = ""): Shape {
  const expected = Object.keys(shapes)
    .map((name) => `'${name}'`)
    .join(", ");
  return (value, at) => {
    if (!isRecord(value)) throw new Mismatch("type", at, "an object", value);
    const tag = value[key] ?? (otherwise === "" ? undefined : otherwise);
    if (tag === undefined) throw new Mismatch("missing", [...at, key], expected, undefined);
    const shape = typeof tag === "string" ? ownShape(shapes, tag) : undefined;
    if (shape === undefined) throw new Mismatch("value", [...at, key], expected, tag);
    shape(value, at);
  };
}

/** Whatever the type of the value needs. */
export function byType(shapes: { readonly [type in "string" | "array" | "object"]?: Shape }): Shape {
  const expected = Object.keys(shapes).join(" or ");
  return (value, at) => {
    const shape = shapes[Array.isArray(value) ? "array" : (typeof value as "string")];
    if (shape === undefined) throw new Mismatch("type", at, expected, value);
    shape(value, at);
  };
}

/** Also null. */
export function nullable(shape: Shape): Shape {
  return (value, at) => {
    if (value !== null) shape(value, at);
  };
}

/** All optional fields of an API that are of one shape. */
export function each(shape: Shape, ...names: readonly string[]): Shapes {
  return Object.fromEntries(names.map((name) => [name, shape]));
}

function ownShape(shapes: Shapes, key: string): Shape | undefined {
  return Object.hasOwn(shapes, key) ? shapes[key] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

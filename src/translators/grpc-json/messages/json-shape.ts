// The shape of a JSON value by the type of its field, as far as it matters for numbers.
import { type DescExtension, type DescField, type DescMessage, type Registry, ScalarType } from "@bufbuild/protobuf";
import { hasOwnForm, isWrapper } from "../mapping/field-path.ts";

/** What is expected at one place of a JSON text; of a list, what its elements are. */
export interface JsonShape {
  /** A number there is a 64-bit integer. */
  readonly integer: boolean;
  /** Type of an object there. */
  readonly message: DescMessage | undefined;
  /** It is an object whose members all are what the rest says. */
  readonly map: boolean;
}

const LONG: ReadonlySet<ScalarType | undefined> = new Set([
  ScalarType.INT64,
  ScalarType.SINT64,
  ScalarType.SFIXED64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
]);
const MEMBERS = new WeakMap<DescMessage, ReadonlyMap<string, JsonShape>>();

/** The shape of a message. */
export function shapeOf(message: DescMessage): JsonShape {
  const integer = isWrapper(message) && LONG.has(message.fields[0]?.scalar);
  return { integer, message, map: false };
}

/** The shape of what stands under `key` in a message; null where no number matters. */
export function shapeOfMember(message: DescMessage, key: string, registry: Registry): JsonShape | null {
  if (hasOwnForm(message)) return null;
  let members = MEMBERS.get(message);
  if (members === undefined) {
    members = new Map(message.fields.flatMap((f) => [f.jsonName, f.name].map((name) => [name, shapeOfField(f)])));
    MEMBERS.set(message, members);
  }
  const known = members.get(key);
  if (known !== undefined || !key.startsWith("[")) return known ?? null;
  const extension = registry.getExtension(key.slice(1, -1));
  return extension === undefined ? null : shapeOfField(extension);
}

function shapeOfField(field: DescField | DescExtension): JsonShape {
  const shape = field.message === undefined ? undefined : shapeOf(field.message);
  return {
    integer: shape?.integer ?? LONG.has(field.scalar),
    message: shape?.message,
    map: field.fieldKind === "map",
  };
}

// Features of an edition (`option features.field_presence = IMPLICIT`), as a descriptor carries them.
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { type FeatureSet, FeatureSetSchema } from "@bufbuild/protobuf/wkt";

/** `features` among the options of a declaration, if any. */
export function featuresOf(options: Readonly<Record<string, unknown>>): FeatureSet | undefined {
  const features = options.features;
  if (typeof features !== "object" || features === null) return undefined;
  return fromJson(FeatureSetSchema, features as JsonValue, { ignoreUnknownFields: true });
}

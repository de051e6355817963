// Whether the streams of a rule end with their credential, and how often it is looked at.

interface TokenValidation {
  readonly tokenValidation: boolean;
  /** ms */
  readonly tokenCheckInterval: number;
}

/**
 * Time between two looks at the credential of a stream, ms; 0: only its end counts; null: streams do not end with it.
 * @param own keys of the rule, which win; null: it has none
 */
export function recheckMs(
  front: TokenValidation,
  own: { readonly [K in keyof TokenValidation]: TokenValidation[K] | null } | null,
): number | null {
  if (!(own?.tokenValidation ?? front.tokenValidation)) return null;
  return own?.tokenCheckInterval ?? front.tokenCheckInterval;
}

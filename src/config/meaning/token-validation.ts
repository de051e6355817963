// Whether the streams of a rule end with their credential, and how often it is verified again.

interface TokenValidation {
  readonly tokenValidation: boolean;
  /** ms */
  readonly tokenCheckInterval: number;
}

/**
 * Interval at which the credential of a stream is verified again, ms; 0: only expiry ends the stream; null: streams outlive it.
 * @param own settings of the rule, which take precedence; null: it has none
 */
export function recheckMs(
  front: TokenValidation,
  own: { readonly [K in keyof TokenValidation]: TokenValidation[K] | null } | null,
): number | null {
  if (!(own?.tokenValidation ?? front.tokenValidation)) return null;
  return own?.tokenCheckInterval ?? front.tokenCheckInterval;
}

// A certificate that an authority has issued to the gateway, as the control half hands it to the data half.

/** Plain data. The key is a secret: it goes in no log and no answer. */
export interface IssuedCertificate {
  /** DNS names it was ordered for, lower case, in the order of the configuration; at least one. */
  readonly names: readonly string[];
  /** PEM: the certificate, then its intermediates. */
  readonly cert: string;
  /** PEM (PKCS#8), not encrypted. */
  readonly key: string;
}

// A certificate issued by ACME, as the control half passes it to the data half.

/** Plain data. The key is secret: it must not appear in logs or answers. */
export interface IssuedCertificate {
  /** DNS names it was ordered for, lower-case, in configuration order; at least one. */
  readonly names: readonly string[];
  /** PEM: the certificate, then its intermediates. */
  readonly cert: string;
  /** PEM (PKCS#8), not encrypted. */
  readonly key: string;
}

/** How the orders of one certificate go. Plain data. */
export interface OrderState {
  /** As in {@link IssuedCertificate}. */
  readonly names: readonly string[];
  /** Since the last success; 0 = all is well. */
  readonly failures: number;
}

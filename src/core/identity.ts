// Who a request is from, once its credential was accepted.

/** An authenticated client. */
export interface Identity {
  /** Never empty. */
  readonly subject: string;
  /** Id of the API key it came with; "" with any other credential. */
  readonly apiKey: string;
}

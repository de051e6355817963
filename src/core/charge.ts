// What limits said about a request that passed them, kept until its reply begins.

/** Made by the filters that charged the request. */
export interface Admission {
  /** Adds what the client is told about its limits to the flat fields of a reply. */
  addTo(fields: string[]): void;
}

// What a request was charged by the limits it passed: undone, corrected, and told to the client.

/** What one filter charged a request. */
export interface Charge {
  /** Reverts the charge, because a later limit refuses the request. */
  undo(): void;
  /**
   * Corrects what was charged in advance, once, when the true cost is known; limits that count requests stay as they are.
   * @param actual cost in the unit it was charged in, 0 or more
   */
  settle(actual: number): void;
  /** Adds the headers about the client's limits to the flat fields of a reply. */
  addTo(fields: string[]): void;
}

/** Adds what all charges of a request have to tell to the flat fields of its reply. @param charges null: none */
export function addCharges(charges: readonly Charge[] | null, fields: string[]): void {
  if (charges !== null) for (const charge of charges) charge.addTo(fields);
}

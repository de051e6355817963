// Finds the call that a result belongs to: in Gemini's API both may lack an id.

interface OpenCall {
  readonly id: string;
  readonly name: string;
  answered: boolean;
}

/** The calls of a conversation. Ids made here follow their order, so that they are the same on every turn. */
export class OpenCalls {
  readonly #byId = new Map<string, OpenCall>();
  /** Name → calls that may be unanswered, in order. */
  readonly #byName = new Map<string, OpenCall[]>();

  /** A call. @param id "" if it has none @returns its id */
  begin(id: string, name: string): string {
    const call = { id: id === "" ? `call_${this.#byId.size}_${name}` : id, name, answered: false };
    this.#byId.set(call.id, call);
    const sameName = this.#byName.get(name);
    if (sameName === undefined) this.#byName.set(name, [call]);
    else sameName.push(call);
    return call.id;
  }

  /** A result. @param id "" if it has none: the first call of this name without an answer @returns null: there is no such call */
  answer(id: string, name: string): { readonly id: string; readonly name: string } | null {
    const call = (id === "" ? undefined : this.#byId.get(id)) ?? this.#firstOpen(name);
    if (call === undefined) return null;
    call.answered = true;
    return { id: call.id, name: call.name };
  }

  #firstOpen(name: string): OpenCall | undefined {
    const calls = this.#byName.get(name) ?? [];
    while (calls[0]?.answered === true) calls.shift();
    return calls[0];
  }
}

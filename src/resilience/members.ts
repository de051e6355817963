// Data of a watcher about the endpoints of a service, kept for each as long as it is listed.
import type { EndpointState } from "../core/endpoint-state.ts";

/** One endpoint of a watched service. */
export interface Candidate {
  readonly id: string;
  readonly state: EndpointState;
  /** Whether the registry and the configuration give it traffic. */
  readonly listed: boolean;
}

/** What is known of one endpoint. */
export interface Member {
  candidate: Candidate;
  close(): void;
}

/** Members by the state of their endpoint. */
export class Members<M extends Member> implements Iterable<M> {
  readonly #make: (candidate: Candidate) => M;
  readonly #members = new Map<EndpointState, M>();

  /** @param make called for each endpoint that is new */
  constructor(make: (candidate: Candidate) => M) {
    this.#make = make;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#members.values();
  }

  /** Exactly these from now on. */
  follow(candidates: readonly Candidate[]): void {
    const states = new Set(candidates.map(({ state }) => state));
    for (const [state, member] of this.#members) if (!states.has(state)) this.#drop(state, member);
    for (const candidate of candidates) {
      const member = this.#members.get(candidate.state);
      if (member === undefined) this.#members.set(candidate.state, this.#make(candidate));
      else member.candidate = candidate;
    }
  }

  /** None from now on. */
  close(): void {
    this.follow([]);
  }

  #drop(state: EndpointState, member: M): void {
    this.#members.delete(state);
    member.close();
  }
}

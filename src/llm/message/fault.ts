// Why a request cannot be served, in terms that every API can express.

/** Kind of fault → HTTP status where an API has no status of its own for it. */
export const FAULT_STATUS = {
  /** The request is malformed, or asks for what the model cannot do. */
  invalid: 400,
  /** The prompt is longer than the model can read. */
  contextOverflow: 400,
  /** The provider refuses the content of the prompt. */
  contentPolicy: 400,
  authentication: 401,
  /** The account of the credential is out of credit. */
  billing: 402,
  permission: 403,
  /** The model, or the object, does not exist. */
  notFound: 404,
  tooLarge: 413,
  unsupportedMedia: 415,
  rateLimit: 429,
  /** The account of the credential has used up its quota: waiting does not help soon. */
  quota: 429,
  server: 500,
  /** The provider sent what no API allows. */
  badGateway: 502,
  unavailable: 503,
  timeout: 504,
  /** The provider is at its limit, for every client. */
  overloaded: 529,
} as const;

/** Kind of a fault. */
export type FaultKind = keyof typeof FAULT_STATUS;

/** A fault as a provider reports it, or as the gateway finds it. */
export interface Fault {
  readonly kind: FaultKind;
  /** HTTP status as received; that of {@link FAULT_STATUS} for faults found here. */
  readonly status: number;
  /** For the client: the provider's words only where the fault is one of the request. Without credentials. */
  readonly message: string;
  /** Dotted place in the request, such as `messages[3].content`; null: none. */
  readonly param: string | null;
  /** Stable code, such as `model_not_found`; null: none. */
  readonly code: string | null;
  /** When the provider can be asked again, ms; -1: it has not said. */
  readonly retryAfterMs: number;
}

/** Thrown by readers and writers of formats: the request, or the response, cannot be expressed. */
export class LlmError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** A fault found by the gateway. */
export function faultOf(
  kind: FaultKind,
  message: string,
  param: string | null = null,
  code: string | null = null,
): Fault {
  return { kind, status: FAULT_STATUS[kind], message, param, code, retryAfterMs: -1 };
}

/** To be thrown: the request is malformed. @param param dotted place in the request */
export function invalid(param: string, what: string): LlmError {
  return new LlmError(faultOf("invalid", param === "" ? what : `${param}: ${what}`, param === "" ? null : param));
}

/** To be thrown by writers of requests: the provider's API has no way to express this, so that another candidate must. */
export function unsupported(what: string, param: string | null = null): LlmError {
  return new LlmError(faultOf("invalid", `${what} is not supported by this model`, param, "unsupported_parameter"));
}

/** To be thrown by readers of responses: the provider sent what its API does not allow. @param what for the log and the client; no text of the provider */
export function badResponse(what: string): LlmError {
  return new LlmError(faultOf("badGateway", `The provider sent an invalid response: ${what}`));
}

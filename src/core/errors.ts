// The one table of errors the gateway answers with: a stable code decides status, type, retry and log level everywhere.

/** One row: everything that follows from an error code. */
export interface ErrorRow {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Broad class of the error, `error.type` of the body. */
  readonly type: string;
  /** Sentence for the client. Names no address, credential or upstream text. */
  readonly message: string;
  /** Whether the client connection must close, because the bytes that follow cannot be trusted or are not read. */
  readonly close?: true;
  /** Fields that the answer always has. */
  readonly fields?: readonly string[];
  /** `Retry-After` unless the refusal has a better value, s. */
  readonly retryAfter?: number;
}

/**
 * Tells the client which protocol to use (RFC 9110 §15.5.22). The connection is closed, because with
 * `Connection: Upgrade` Node ignores that the client asked to close it.
 */
const UPGRADE = ["Upgrade", "websocket", "Connection", "Upgrade"];

/** Code → row. The codes are part of the public interface: clients and alerts match on them. */
export const ERRORS = {
  bad_request: row(400, "bad_request", "The request is not valid HTTP.", true),
  invalid_path: row(400, "bad_request", "The request path is not valid."),
  ip_denied: row(403, "forbidden", "Requests from this address are not allowed."),
  ambiguous_credentials: row(400, "bad_request", "The request contains several credentials; send only one."),
  origin_not_allowed: row(403, "forbidden", "Connections from this origin are not allowed."),
  transcoding_failed: row(400, "bad_request", "The request cannot be translated for the service."),
  certificate_unreadable: row(401, "unauthorized", "The client certificate contains no usable name."),
  missing_credentials: row(
    401,
    "unauthorized",
    "This path requires a credential, and the request has none that is accepted here.",
  ),
  invalid_credentials: row(401, "unauthorized", "The credential is not valid."),
  expired_credentials: row(401, "unauthorized", "The credential is no longer valid."),
  login_expired: row(400, "bad_request", "This login has expired, or was started in another browser; start it again."),
  login_failed: row(403, "forbidden", "The login did not succeed."),
  insufficient_scope: row(403, "forbidden", "The credential does not have the required scope."),
  permission_denied: row(403, "forbidden", "The client does not have the required permission."),
  model_request_invalid: row(400, "bad_request", "The request is not valid, or asks for what the model cannot do."),
  model_not_allowed: row(403, "forbidden", "The client may not use this model."),
  model_not_found: row(404, "not_found", "No model of this name can be used here."),
  no_route: row(404, "not_found", "No route matches this request."),
  method_not_allowed: row(405, "method_not_allowed", "This path does not allow the request method."),
  request_timeout: row(408, "timeout", "The request was not received in time.", true),
  body_too_large: row(413, "payload_too_large", "The request body is larger than allowed.", true),
  unsupported_media_type: row(415, "bad_request", "The service does not accept a body of this type."),
  expectation_failed: row(
    417,
    "bad_request",
    "The Expect header asks for something this gateway does not support.",
    true,
  ),
  message_too_large: row(413, "payload_too_large", "A message is larger than allowed."),
  misdirected: row(421, "bad_request", "This connection cannot be used for this host; open a new one."),
  upgrade_required: row(426, "method_not_allowed", "This path accepts only WebSocket connections.", true, UPGRADE),
  websocket_version: row(426, "bad_request", "The WebSocket version must be 13.", true, [
    ...UPGRADE,
    "Sec-WebSocket-Version",
    "13", // RFC 6455 §4.4
  ]),
  rate_limited: row(429, "rate_limit", "Too many requests; try again later."),
  too_many_failures: soon(row(429, "rate_limit", "Too many invalid credentials from this address; try again later.")),
  headers_too_large: row(431, "headers_too_large", "The request headers are larger than allowed.", true),
  internal: row(500, "internal", "The gateway failed to process the request."),
  method_unknown: row(501, "method_not_allowed", "The gateway does not support this request method.", true),
  connect_failed: row(502, "bad_gateway", "The service could not be reached."),
  upstream_reset: row(502, "bad_gateway", "The connection to the service was lost before its answer was complete."),
  upstream_tls_failed: row(502, "bad_gateway", "No trusted TLS connection to the service could be made."),
  upstream_protocol: row(502, "bad_gateway", "The service sent an invalid response."),
  no_endpoint: row(503, "unavailable", "The service has no endpoint that can take the request."),
  model_unavailable: row(503, "unavailable", "No model can answer the request at the moment."),
  circuit_open: row(503, "unavailable", "The service failed too often and is not called for a while."),
  auth_unavailable: soon(row(503, "unavailable", "The credential cannot be verified at the moment.")),
  limits_unavailable: soon(row(503, "unavailable", "The rate limits cannot be checked at the moment.")),
  descriptor_unavailable: soon(row(503, "unavailable", "The description of the service is not available yet.")),
  overloaded: soon(row(503, "unavailable", "The gateway is at its limit; try again later.")),
  upstream_timeout: row(504, "timeout", "The service did not answer in time."),
  loop_detected: row(508, "internal", "The request came back to this gateway."),
} as const satisfies Record<string, ErrorRow>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERRORS;

/** A row for a state that usually ends within a second. */
function soon(row: ErrorRow): ErrorRow {
  return { ...row, retryAfter: 1 };
}

function row(status: number, type: string, message: string, close?: true, fields?: readonly string[]): ErrorRow {
  return { status, type, message, ...(close && { close }), ...(fields && { fields }) };
}

// What rules do with WebSockets and event streams, as it takes effect.

/** What a rule does with the connections of WebSockets. */
export interface RuleWebSocketConfig {
  /** `tunnel`: bytes pass untouched; `messages`: every message is read. */
  readonly mode: "tunnel" | "messages";
  /** Largest message of a client; 0 no limit. */
  readonly maxClientMessageBytes: number;
  /** Largest message of a backend; 0 no limit. */
  readonly maxBackendMessageBytes: number;
  /** Time between two looks at the credential of its client, ms; 0: only its end counts; null: it may outlive that. */
  readonly recheckMs: number | null;
}

/** What a rule does with event streams. */
export interface RuleEventStreamConfig {
  /** Silence after which a comment is sent; 0 never. */
  readonly heartbeatMs: number;
  /** The stream ends after about this long; 0 never. */
  readonly maxAgeMs: number;
  /** Reconnects of a lost stream in a row; 0: its end is the client's. */
  readonly maxRetries: number;
  /** Wait before a lost stream is taken up again, unless it said otherwise. */
  readonly retryMs: number;
  /** Time between two looks at the credential of its client, ms; 0: only its end counts; null: it may outlive that. */
  readonly recheckMs: number | null;
}

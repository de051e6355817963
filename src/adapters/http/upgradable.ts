// Which requests leave HTTP: only a well-named WebSocket handshake; to any other `Upgrade` the answer is plain HTTP.
import { IncomingMessage } from "node:http";
import { isField } from "../../wire/fields.ts";

/**
 * Node asks `upgrade` of every request whether to stop parsing HTTP behind it. It would for any protocol name: a client
 * that merely offers h2c (RFC 9110 §7.8 lets us ignore that) would lose its body. So the answer depends on the name.
 */
export class UpgradableRequest extends IncomingMessage {
  /** What the parser found: `Upgrade` and `Connection: upgrade` are there. Set before our constructor could run. */
  declare asked: boolean | undefined;

  get upgrade(): boolean {
    return this.asked === true && (this.method === "CONNECT" || namesWebSocket(this.rawHeaders));
  }

  set upgrade(asked: boolean | null) {
    if (asked === true) this.asked = true;
    // Node has already asked and decided: the request goes on as plain HTTP.
    else if (asked === false) this.asked = undefined;
  }
}

function namesWebSocket(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === 7 && isField(name, "upgrade") && isField(fields[i + 1]!, "websocket")) return true;
  }
  return false;
}

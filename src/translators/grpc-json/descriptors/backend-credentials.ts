// TLS credentials for the gRPC library with the settings of requests, including pins, which the library does not support.
import type { Socket } from "node:net";
import { CallCredentials, ChannelCredentials, type experimental } from "@grpc/grpc-js";
import { connectSecure, type UpstreamTls, whenSecure } from "../../../wire/secure.ts";

/** Credentials of a channel to one address. */
export class BackendCredentials extends ChannelCredentials {
  readonly #address: string;
  readonly #tls: UpstreamTls;

  /** @param address host name or IP address */
  constructor(address: string, tls: UpstreamTls) {
    super();
    this.#address = address;
    this.#tls = tls;
  }

  override compose(): never {
    throw new Error("calls have no credentials of their own");
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(): experimental.SecureConnector {
    return {
      connect: async (socket) => ({ socket: await this.#secure(socket), secure: true }),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => CallCredentials.createEmpty(),
      destroy: () => undefined,
    };
  }

  #secure(socket: Socket): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const options = { socket, host: this.#address, port: 0 };
      const secure = connectSecure(options, this.#address, this.#tls, "h2");
      secure.on("error", reject);
      secure.on("close", () => reject(new Error("the connection ended in the TLS handshake")));
      whenSecure(secure, this.#tls, () => resolve(secure));
    });
  }
}

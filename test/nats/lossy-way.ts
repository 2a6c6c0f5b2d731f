import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The way of one worker to a server, on which all bytes can be lost for a time. */
export class LossyWay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(port: number) {
    this.#server = createServer(client => {
      const server = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', bytes => {
          if (!this.#isCut) to.write(bytes);
        });
        from.on('error', () => {});
        from.once('close', () => {
          this.#sockets.delete(from);
          // An end does not pass either.
          if (!this.#isCut) to.destroy();
        });
      }
    });
  }

  static async to(port: number): Promise<LossyWay> {
    const proxy = new LossyWay(port);
    await new Promise<void>(resolve => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Loses all bytes for a time. Both ends then lose their connections. */
  async cut(ms: number): Promise<void> {
    this.#isCut = true;
    await new Promise(resolve => setTimeout(resolve, ms));
    this.#isCut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

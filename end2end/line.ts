// A line between the browser and the server that a test can cut, slow down, or put another worker on.
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export class Line {
  /** Nobody answers: connections are refused. */
  isCut = false;
  /** How long a page waits, in ms; for ever while nothing is to come. */
  delay: (path: string) => number = () => 0;
  /** What stands in the worker instead of its version. */
  version: string | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((asked, answer) => this.take(asked, answer));

  constructor(private readonly origin: string) {
    this.server.on("connection", (socket) => {
      if (this.isCut) return socket.destroy();
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  async open() {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return this;
  }

  url(path: string) {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  cut() {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() {
    this.isCut = false;
  }

  async close() {
    this.cut();
    await new Promise((done) => this.server.close(done));
  }

  private take(asked: IncomingMessage, answer: ServerResponse) {
    const path = asked.url ?? "/";
    const delay = this.delay(path);
    if (delay === Infinity) return;
    const isWorker = path === "/sw.js" && this.version !== undefined;
    // The host stays the one that the browser knows, as behind any proxy.
    const headers = isWorker ? { ...asked.headers, "accept-encoding": "identity" } : asked.headers;
    const { hostname, port } = new URL(this.origin);
    const onward = ask({ hostname, port, path, method: asked.method, headers }, (from) => {
      if (!isWorker) {
        answer.writeHead(from.statusCode ?? 500, from.headers);
        from.pipe(answer);
        return;
      }
      let text = "";
      from.on("data", (part) => (text += part));
      from.on("end", () => {
        const { "content-length": _, ...rest } = from.headers;
        answer.writeHead(from.statusCode ?? 500, rest);
        answer.end(text.replace(/^const VERSION = "\w+"/, `const VERSION = "${this.version}"`));
      });
    });
    onward.on("error", () => answer.destroy());
    setTimeout(() => asked.pipe(onward), delay);
  }
}

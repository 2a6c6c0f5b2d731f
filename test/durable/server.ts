import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../runtime/bundle.ts';
import { startWorkerd, type Workerd } from '../runtime/workerd.ts';

/** The classes of worker.ts, by their bindings. */
const CLASSES = ['Front', 'HeldFront', 'Back', 'Doubling', 'Losing', 'LongResults', 'Contract'];

/** A workerd with Durable Objects on a disk of its own, that can be killed and started again. */
export class DurableServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'plugboard-durable-'));
  readonly #program: string;
  #workerd: Workerd | undefined;

  /** @param program the path of workerd */
  constructor(program: string) {
    this.#program = program;
  }

  /** Bundles the Worker and writes its configuration. */
  async prepare(): Promise<void> {
    const worker = await bundle(
      "export * from './dist/test/durable/worker.js'; export { default } from './dist/test/durable/worker.js';",
    );
    writeFileSync(join(this.#folder, 'worker.js'), worker);
    writeFileSync(join(this.#folder, 'config.capnp'), CONFIG);
  }

  async start(): Promise<void> {
    const config = join(this.#folder, 'config.capnp');
    this.#workerd = await startWorkerd(this.#program, config, {
      more: [`--directory-path=disk=${this.#folder}`],
    });
  }

  /** Kills workerd as `kill -9` does. */
  async kill(): Promise<void> {
    await this.#workerd?.kill();
    this.#workerd = undefined;
  }

  /** Calls a method of an object. @throws while workerd is dead, or with the error of the method */
  async call<T>(binding: string, name: string, method: string, ...given: unknown[]): Promise<T> {
    if (!this.#workerd) throw new Error('workerd is dead');
    const body = JSON.stringify({ binding, name, method, given });
    const response = await fetch(this.#workerd.origin, { method: 'POST', body });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text) as T;
  }

  /** The end of all that workerd has printed. */
  get output(): string {
    return this.#workerd?.output() ?? '';
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "disk", disk = (writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [(name = "worker", esModule = embed "worker.js")],
  bindings = [
${CLASSES.map(name => `    (name = "${name}", durableObjectNamespace = "${name}"),`).join('\n')}
  ],
  durableObjectNamespaces = [
${CLASSES.map(name => `    (className = "${name}", uniqueKey = "${name}", enableSql = true),`).join('\n')}
  ],
  durableObjectStorage = (localDisk = "disk"),
);
`;

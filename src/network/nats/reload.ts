import { pause } from './abort.ts';
import type { JetStream } from './jet-stream.ts';
import { changeKey, readKey } from './keys.ts';
import {
  type Answer,
  answerKeyOf,
  answerShape,
  type ModulesKey,
  modulesKeyOf,
  modulesKeyShape,
  objectsOf,
} from './module-watch.ts';
import { ObjectStore } from './object-store.ts';

const POLL_MS = 100;

export interface ReloadResult {
  /** Whether the network has the new module. If not, no worker has changed. */
  readonly isChosen: boolean;
  /** The workers that run it. */
  readonly running: readonly string[];
  /** By worker, why it does not run it. The name is empty for a reason that is not of one worker. */
  readonly problems: ReadonlyMap<string, string>;
}

/** Gives all workers of a network another module, or leaves all with the old one. docs/NETWORK-PROTOCOL.md */
export class Reload {
  readonly #jetStream: JetStream;
  readonly #bucket: string;
  readonly #stream: string;
  readonly #name: string;
  readonly #mostMs: number;

  /** @param mostMs time for the answers of all workers */
  constructor(jetStream: JetStream, name: string, bucket: string, mostMs: number) {
    this.#jetStream = jetStream;
    this.#bucket = bucket;
    this.#stream = `KV_${bucket}`;
    this.#name = name;
    this.#mostMs = mostMs;
  }

  /** Lets workers that start later run the module that is given to them. */
  async forget(component: string): Promise<boolean> {
    let isThere = false;
    await this.#change(({ chosen, offered }) => {
      isThere = Object.hasOwn(chosen, component);
      const { [component]: _, ...rest } = chosen;
      return isThere ? { chosen: rest, offered } : undefined;
    });
    return isThere;
  }

  async run(component: string, module: Uint8Array<ArrayBuffer>): Promise<ReloadResult> {
    const { num_replicas } = await this.#jetStream.ensureStream(this.#stream, {});
    const objects = new ObjectStore(this.#jetStream, objectsOf(this.#name), { num_replicas });
    const object = await objects.put(module);
    const id = crypto.randomUUID();
    await this.#change(({ chosen }) => ({ chosen, offered: { id, component, object } }));
    const problems = await this.#wait(id, 'ready');
    let isChosen = problems.size === 0;
    await this.#change(key => {
      // Another reload came meanwhile, whose offer stays.
      if (key.offered?.id !== id) {
        if (isChosen) problems.set('', 'another reload has come meanwhile; run this one again');
        isChosen = false;
        return undefined;
      }
      if (isChosen) return { ...key, chosen: { ...key.chosen, [component]: object } };
      return { chosen: key.chosen };
    });
    const { chosen, offered } = await this.#read();
    await objects.keepOnly([...Object.values(chosen), ...(offered ? [offered.object] : [])]);
    if (!isChosen) return { isChosen, running: [], problems };
    const late = await this.#wait(id, 'running');
    const running = (await this.#alive()).filter(worker => !late.has(worker));
    return { isChosen, running, problems: late };
  }

  /** Waits until all workers that are alive have given an answer. Returns the problems of those whose answer is another one. */
  async #wait(id: string, state: Answer['state']): Promise<Map<string, string>> {
    const endMs = performance.now() + this.#mostMs;
    for (;;) {
      const alive = await this.#alive();
      if (alive.length === 0)
        return new Map([['', 'the network has no worker, and so nobody who checks the module']]);
      const problems = new Map<string, string>();
      const isOver = performance.now() > endMs;
      let missing = 0;
      for (const worker of alive) {
        const answer = await readKey<Answer>(
          this.#jetStream,
          this.#stream,
          answerKeyOf(this.#bucket, id, worker),
          answerShape,
        );
        if (answer?.state === 'refused') problems.set(worker, answer.error ?? '');
        else if (answer?.state !== state && answer?.state !== 'running') {
          missing++;
          if (isOver) problems.set(worker, `did not say that it is ${state} within ${this.#mostMs} ms`);
        }
      }
      if (missing === 0 || isOver || problems.size > 0) return problems;
      await pause(POLL_MS, new AbortController().signal);
    }
  }

  async #alive(): Promise<string[]> {
    const prefix = `$KV.${this.#bucket}.worker.`;
    const keys = await this.#jetStream.subjectsOf(this.#stream, `${prefix}*`);
    return keys.map(key => key.slice(prefix.length));
  }

  async #read(): Promise<ModulesKey> {
    const key = modulesKeyOf(this.#bucket);
    const modules = await readKey<ModulesKey>(this.#jetStream, this.#stream, key, modulesKeyShape);
    return modules ?? { chosen: {} };
  }

  #change(change: (key: ModulesKey) => ModulesKey | undefined): Promise<void> {
    const key = modulesKeyOf(this.#bucket);
    const changed = (old: ModulesKey = { chosen: {} }) => change(old);
    return changeKey<ModulesKey>(this.#jetStream, this.#stream, key, modulesKeyShape, changed);
  }
}

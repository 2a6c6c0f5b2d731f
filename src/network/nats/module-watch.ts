import { ActorError, describe } from '../../actor/errors.ts';
import { messageOf } from '../../errors.ts';
import { object, oneOf, plain, record } from '../../values/shape.ts';
import type { Modules } from '../engine/network-engine.ts';
import type { JetStream } from './jet-stream.ts';
import { readKey } from './keys.ts';
import { ObjectStore } from './object-store.ts';

/** Messages wake. Looks in between are for those that were lost. */
const LOOK_MS = 5000;
/** Time for which the server keeps an answer. */
const ANSWER_TTL = '60000ms';

/** The content of the key `modules`. */
export interface ModulesKey {
  /** The object of each component whose module was replaced. */
  readonly chosen: { readonly [component: string]: string };
  /** The module that all workers are asked about. It stays when it is chosen. */
  readonly offered?: Offer | undefined;
}

export interface Offer {
  readonly id: string;
  readonly component: string;
  readonly object: string;
}

export const modulesKeyShape = object(
  { chosen: record(plain) },
  { offered: object({ id: plain, component: plain, object: plain }) },
);

/** The answer of a worker to an offer. */
export interface Answer {
  readonly state: 'ready' | 'refused' | 'running';
  readonly error?: string;
}

export const answerShape = object({ state: oneOf('ready', 'refused', 'running') }, { error: plain });

export const modulesKeyOf = (bucket: string) => `$KV.${bucket}.modules`;
export const answerKeyOf = (bucket: string, offer: string, worker: string) =>
  `$KV.${bucket}.answer.${offer}.${worker}`;
export const objectsOf = (network: string) => `PB_${network}`;

/** The part of a `NatsWorker` that is used. */
interface Worker {
  readonly id: string;
  readonly name: string;
  readonly place: string;
  readonly bucket: string;
  readonly jetStream: JetStream;
  readonly config: object;
}

/** Gives a worker the modules that `plugboard net reload` has put on the server. */
export class ModuleWatch {
  readonly #worker: Worker;
  readonly #modules: Modules;
  readonly #objects: ObjectStore;
  readonly #onWarning: (message: string) => void;
  /** The objects that run, by component. */
  readonly #running = new Map<string, string>();
  #prepared: { readonly object: string; readonly component: string; replace(): Promise<void> } | undefined;
  /** The offer and the state that were told last. */
  #told = '';

  constructor(worker: Worker, modules: Modules, onWarning: (message: string) => void) {
    this.#worker = worker;
    this.#modules = modules;
    this.#onWarning = onWarning;
    this.#objects = new ObjectStore(worker.jetStream, objectsOf(worker.name), worker.config);
  }

  /** Takes the modules that were chosen before. @throws {ActorError} INVALID_STATE_FILE for one that this worker cannot run */
  async open(): Promise<void> {
    const { chosen } = await this.#read();
    for (const [component, object] of Object.entries(chosen)) {
      const given = this.#modules.sha256Of(component);
      // The graph has it no more.
      if (given === undefined) continue;
      if (given !== object)
        this.#onWarning(
          `${this.#worker.place}: component ${describe(component)} runs the module of the last plugboard net reload, SHA-256 ${object}, in place of the one that was given; plugboard net reload with --forget ${component} ends this`,
        );
      await this.#take(component, object);
    }
  }

  /** Follows the offers and choices until the signal fires. @throws as `open` */
  async watch(signal: AbortSignal): Promise<void> {
    const { jetStream, bucket } = this.#worker;
    await jetStream.watch(
      modulesKeyOf(bucket),
      () => LOOK_MS,
      signal,
      async () => {
        const { chosen, offered } = await this.#read();
        for (const [component, object] of Object.entries(chosen))
          if (this.#modules.sha256Of(component) !== undefined) await this.#take(component, object);
        if (offered) await this.#answer(offered, chosen[offered.component] === offered.object);
      },
    );
  }

  async #read(): Promise<ModulesKey> {
    const { jetStream, bucket } = this.#worker;
    const key = modulesKeyOf(bucket);
    return (await readKey<ModulesKey>(jetStream, `KV_${bucket}`, key, modulesKeyShape)) ?? { chosen: {} };
  }

  async #take(component: string, object: string): Promise<void> {
    if (this.#running.get(component) === object) return;
    try {
      if (this.#modules.sha256Of(component) !== object) await (await this.#prepare(component, object))();
    } catch (cause) {
      // A later choice may have removed the object.
      if ((await this.#read()).chosen[component] !== object) return;
      throw new ActorError(
        'INVALID_STATE_FILE',
        `${this.#worker.place}: the module of component ${describe(component)} that plugboard net reload has put there does not run here: ${messageOf(cause)}`,
        { cause },
      );
    }
    this.#running.set(component, object);
    this.#prepared = undefined;
  }

  async #prepare(component: string, object: string): Promise<() => Promise<void>> {
    const prepared = this.#prepared;
    if (prepared?.object === object && prepared.component === component) return prepared.replace;
    const bytes = await this.#objects.get(object);
    if (!bytes) throw new Error(`the object ${object} is not there`);
    const replace = await this.#modules.prepare(component, bytes);
    this.#prepared = { object, component, replace };
    return replace;
  }

  async #answer({ id, component, object }: Offer, isChosen: boolean): Promise<void> {
    if (isChosen) return this.#tell(id, { state: 'running' });
    if (this.#told.startsWith(id)) return;
    try {
      await this.#prepare(component, object);
    } catch (error) {
      return this.#tell(id, { state: 'refused', error: messageOf(error) });
    }
    await this.#tell(id, { state: 'ready' });
  }

  async #tell(id: string, answer: Answer): Promise<void> {
    const told = `${id} ${answer.state}`;
    if (this.#told === told) return;
    const { jetStream, bucket, id: worker } = this.#worker;
    await jetStream.publish(answerKeyOf(bucket, id, worker), JSON.stringify(answer), {
      'Nats-TTL': ANSWER_TTL,
    });
    this.#told = told;
  }
}

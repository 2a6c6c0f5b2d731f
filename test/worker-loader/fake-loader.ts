import { serve } from '../../src/worker-loader/child.ts';
import type { Child, ChildSettings } from '../../src/worker-loader/messages.ts';
import type { WorkerCode, WorkerLoader } from '../../src/worker-loader/options.ts';

class Base {}

/** A loader whose children are made on this thread. Values are cloned on their way, as RPC does. */
export class FakeLoader implements WorkerLoader {
  readonly #children = new Map<string, Promise<Child>>();

  get(id: string, code: () => Promise<WorkerCode>) {
    const child = () => {
      let made = this.#children.get(id);
      if (!made) {
        made = code().then(makeChild);
        this.#children.set(id, made);
        made.catch(() => this.#children.delete(id));
      }
      return made;
    };
    const entrypoint: Child = {
      start: async () => structuredClone(await (await child()).start()),
      call: async (name, input) =>
        structuredClone(await (await child()).call(...structuredClone([name, input] as const))),
      close: async () => (await child()).close(),
    };
    return { getEntrypoint: () => entrypoint };
  }
}

async function makeChild({ modules }: WorkerCode): Promise<Child> {
  const compile = (name: string) => WebAssembly.compile((modules[name] as { wasm: ArrayBuffer }).wasm);
  const { json } = modules['settings.json'] as { json: unknown };
  const settings = structuredClone(json) as ChildSettings;
  const Entry = serve(Base, await compile('plugin.wasm'), await compile('accessors.wasm'), settings);
  return new Entry({}, {});
}

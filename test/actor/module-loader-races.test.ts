import { type ActorOptions, Message, ModuleLoader, type ScriptActor } from '../../src/actor/index.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { answering, METADATA, metadataOf } from './answering.ts';

const answer = (version: string, metadata = METADATA) =>
  answering({
    process: `{"outputs":{"version":{"type":"String","data":"${version}"}}}`,
    get_metadata: metadata,
    get_version: `"${version}"`,
  });
const versionOf = async (actor: ScriptActor) =>
  (await actor.process({ in: Message.flow() }))[0]?.version?.data;

/** Gates by name. Work that passes a gate waits until it is open. */
function makeGates<Name extends string>(names: readonly Name[]) {
  const opened = new Map<Name, () => void>();
  const gates = new Map(
    names.map(name => [name, new Promise<void>(resolve => opened.set(name, resolve))] as const),
  );
  return {
    pass: (name: Name) => gates.get(name)!,
    open: async (name: Name) => {
      opened.get(name)!();
      // Longer than all work between two gates takes.
      await new Promise(resolve => setTimeout(resolve, 20));
    },
  };
}

const orders = <T>(items: readonly T[]): T[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap(item => orders(items.filter(other => other !== item)).map(order => [item, ...order]));

suite('a ModuleLoader that makes and reloads actors at once', test => {
  type Gate = 'file' | 'create' | 'busy';
  const gates = () => makeGates<Gate>(['file', 'create', 'busy']);
  const storeBehind = (wait: () => Promise<void>) => ({
    load: async () => {
      await wait();
      return new Map();
    },
    commit: () => {},
  });

  /** Starts `createActor` and `reload`, with a gate in each, and one in an actor that the reload has to wait for. */
  async function begin({ pass }: ReturnType<typeof gates>, options: ActorOptions = {}) {
    const readFile = async () => {
      await pass('file');
      return answer('2');
    };
    const loader = new ModuleLoader({ platform: webPlatform, readFile });
    await loader.load('a', answer('1', metadataOf(['in'])));
    let isFirst = true;
    const state = storeBehind(async () => {
      if (!isFirst) await pass('busy');
      isFirst = false;
    });
    const busy = await loader.createActor('a', { state });
    const call = busy.process({});
    const reloading = loader.reload('a', 'next.wasm');
    const creating = loader.createActor('a', { ...options, state: storeBehind(() => pass('create')) });
    for (const promise of [reloading, creating]) promise.catch(() => {});
    return { loader, busy, call, reloading, creating };
  }

  for (const order of orders<Gate>(['file', 'create', 'busy'])) {
    test(`${order.join(', ')}: all actors run the new module`, async () => {
      const gate = gates();
      const { loader, busy, call, reloading, creating } = await begin(gate);
      for (const name of order) await gate.open(name);
      const [module, made] = await Promise.all([reloading, creating, call]);
      is(loader.get('a'), module);
      equal([await versionOf(made), await versionOf(busy), made.version], ['2', '2', '2']);
      await loader.reload('a', answer('3'));
      equal([await versionOf(made), await versionOf(busy)], ['3', '3']);
    });

    test(`${order.join(', ')}: with an actor that refuses the new module, all run the registered one`, async () => {
      const gate = gates();
      const { loader, busy, reloading, creating } = await begin(gate, { awaitAllInports: true });
      for (const name of order) await gate.open(name);
      const outcomes = await Promise.allSettled([reloading, creating]);
      is(outcomes.filter(({ status }) => status === 'rejected').length, 1);
      const versions = await Promise.all(
        outcomes.map(async outcome => {
          if (outcome.status === 'rejected') {
            is(outcome.reason.code, 'UNSUPPORTED');
            return undefined;
          }
          return 'process' in outcome.value ? versionOf(outcome.value) : outcome.value.version;
        }),
      );
      const registered = loader.get('a')?.version;
      is(await versionOf(busy), registered);
      equal(
        versions.filter(version => version !== undefined && version !== registered),
        [],
      );
    });
  }

  test('two reloads while an actor is made: it runs the last module', async () => {
    const gate = gates();
    const { loader, creating, reloading } = await begin(gate);
    const second = loader.reload('a', answer('3'));
    await gate.open('file');
    await gate.open('busy');
    await reloading;
    is((await second).version, '3');
    await gate.open('create');
    is(await versionOf(await creating), '3');
  });

  test('a module that is removed, or loaded again, while it is reloaded stays so', async () => {
    const gate = gates();
    const { loader, busy, reloading, creating } = await begin(gate);
    is(loader.remove('a'), true);
    for (const name of ['file', 'busy', 'create'] as const) await gate.open(name);
    is((await reloading).version, '2');
    equal([await versionOf(busy), await versionOf(await creating)], ['2', '2']);
    is(loader.get('a'), undefined);
    await raises(() => loader.createActor('a'), { code: 'UNKNOWN_MODULE' });

    const again = gates();
    const other = await begin(again);
    const loaded = await other.loader.load('a', answer('9'));
    for (const name of ['file', 'busy', 'create'] as const) await again.open(name);
    await other.reloading;
    is(other.loader.get('a'), loaded);
  });
});

import { type ActorEvent, type ActorOptions, ScriptActor } from '../../src/actor/index.ts';
import { ACTOR_LIMITS } from '../../src/actor/limits.ts';
import { PAGE_BYTES } from '../../src/units.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { createPlugin, suiteInModes } from '../helpers/modes.ts';
import { suite } from '../helpers/suite.ts';

const grow = (pages: number) => [`i32.const ${pages}`, 'memory.grow', 'drop'];

suiteInModes('memory of a plugin', test => {
  const wasm = buildModule({
    imports: [{ module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] }],
    memoryPages: 2,
    functions: [
      { name: 'grow', body: grow(3) },
      { name: 'alloc', body: ['i64.const 2097152', 'call alloc', 'drop'] },
      { name: 'trap', body: [...grow(100), 'unreachable'] },
    ],
  });

  test('is measured in pages, with a high-water mark', async () => {
    const plugin = await createPlugin(wasm);
    const { kernelPages } = plugin.memory;
    equal(plugin.memory, { pluginPages: 2, kernelPages, peakPages: 2 + kernelPages });
    await plugin.call('grow');
    equal(plugin.memory, { pluginPages: 5, kernelPages, peakPages: 5 + kernelPages });
    await plugin.call('alloc');
    const grown = plugin.memory;
    ok(grown.kernelPages >= 32 && grown.kernelPages > kernelPages, String(grown.kernelPages));
    is(grown.peakPages, 5 + grown.kernelPages);
    await raises(() => plugin.call('trap'), { code: 'TRAP' });
    const peakPages = 105 + grown.kernelPages;
    equal(plugin.memory, { pluginPages: 0, kernelPages: grown.kernelPages, peakPages });
    await plugin.call('alloc');
    equal(plugin.memory, { pluginPages: 2, kernelPages: grown.kernelPages, peakPages });
    await plugin.close();
    equal(plugin.memory, { pluginPages: 0, kernelPages: 0, peakPages });
  });

  test('of all linked modules is counted; a plugin without memory has none', async () => {
    const inner = buildModule({ memoryPages: 3, functions: [{ name: 'f', body: [] }] });
    const main = buildModule({
      imports: [{ module: 'inner', name: 'f' }],
      memoryPages: 4,
      functions: [{ name: 'run', body: ['call f'] }],
    });
    const linked = await createPlugin({ wasm: [{ name: 'inner', data: inner }, { data: main }] });
    is(linked.memory.pluginPages, 7);
    const none = await createPlugin(buildModule({ functions: [{ name: 'run', body: [] }] }));
    is(none.memory.pluginPages, 0);
  });
});

suite('memory of actors', test => {
  const PAGES = ACTOR_LIMITS.memoryBytes.default / PAGE_BYTES;
  const growing = (pages: number, ...then: string[]) =>
    buildModule({ memoryPages: 1, functions: [{ name: 'process', body: [...grow(pages), ...then] }] });
  /** Runs calls, which fail since the plugin returns nothing. Returns the diagnostics MEMORY_HIGH after each. */
  async function told(source: Uint8Array, options: ActorOptions, calls: number, between?: Between) {
    const messages: string[] = [];
    const onDiagnostic = ({ code, message }: { code: string; message: string }) =>
      code === 'MEMORY_HIGH' && messages.push(message);
    const actor = await ScriptActor.create({ source }, { ...options, onDiagnostic });
    const counts: number[] = [];
    for (let call = 0; call < calls; call++) {
      await raises(() => actor.process({}), {});
      counts.push(messages.length);
      await between?.(actor);
    }
    await actor.stop();
    return { counts, messages };
  }
  type Between = (actor: ScriptActor) => Promise<void>;

  test.row(
    ['upstream.25', 'error.MEMORY_HIGH', 'limit.memoryBytes'],
    'more than 100 MiB are told once',
    async () => {
      const { counts, messages } = await told(growing(PAGES), {}, 3);
      equal(counts, [1, 1, 1]);
      match(messages[0]!, /^the plugin takes 10\d MiB of memory, more than 100; memoryLimitMb or /);
    },
  );

  const cases: [name: string, source: Uint8Array, options: ActorOptions, counts: number[]][] = [
    ['memory that grows slowly is told when it passes', growing(PAGES / 2), {}, [0, 1, 1]],
    ['less is not told', growing(PAGES / 4, ...grow(0)), {}, [0]],
    ['a plugin that traps is told too', growing(PAGES, 'unreachable'), {}, [1, 1, 1]],
    ['a new instance for each call is told once', growing(PAGES), { isolation: 'fresh' }, [1, 1]],
    ['a restarted plugin is told again', growing(PAGES), { errorPolicy: 'restart' }, [1, 2]],
  ];
  for (const [name, source, options, counts] of cases) {
    test(name, async () => equal((await told(source, options, counts.length)).counts, counts));
  }

  test('a reloaded plugin is told again', async () => {
    const { counts } = await told(growing(PAGES), {}, 2, actor => actor.reload(growing(PAGES)));
    equal(counts, [1, 2]);
  });

  test('the getter and the end of a call have pages of plugin and kernel', async () => {
    const events: ActorEvent[] = [];
    const source = growing(8);
    const actor = await ScriptActor.create({ source }, { onEvent: event => events.push(event) });
    const { kernelPages } = actor.memory;
    is(actor.memory.pluginPages, 1);
    await raises(() => actor.process({}), { code: 'INVALID_RESULT' });
    const failed = events.find(({ type }) => type === 'failed')!;
    const expected = { pluginPages: 9, kernelPages, peakPages: 9 + kernelPages };
    equal(actor.memory, expected);
    equal({ ...failed, ...expected }, { ...failed });
    await actor.stop();
  });
});

import { makers } from '../../src/network/engine/lasting.ts';
import { Network, type NetworkOptions } from '../../src/network/index.ts';
import { makeNatsEngine } from '../../src/network/nats/nats-engine.ts';
import type { NatsEngineOptions } from '../../src/network/nats/nats-options.ts';
import { readNetwork } from '../../src/network/nats/report.ts';
import { answering } from '../actor/answering.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { FakeNats, fakeClient } from './fake-nats.ts';
import { seamsOf, settingsOf } from './nats-engines.ts';

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const end = (nodeId: string, portId: string) => ({ nodeId, portId });
const NODES = ['a', 'b', 'c'];

/** Three nodes beside each other, with one component. */
const GRAPH = {
  properties: { name: 'reload' },
  processes: Object.fromEntries(NODES.map(node => [node, { component: 'Say' }])),
  connections: [],
  inports: Object.fromEntries(NODES.map(node => [`to${node}`, end(node, 'in')])),
  outports: Object.fromEntries(NODES.map(node => [`of${node}`, end(node, 'out')])),
};

/** A module that sends a word for each message. @param out the name of its outport */
const saying = (word: string, out = 'out') =>
  answering({
    get_metadata: JSON.stringify({ component: 'Say', inports: [{ name: 'in' }], outports: [{ name: out }] }),
    process: JSON.stringify({ outputs: { [out]: { type: 'String', data: word } } }),
  });

suite('modules of a network on NATS', test => {
  const fake = new FakeNats();
  const warnings: string[] = [];
  const start = async (
    name: string,
    more: NatsEngineOptions = {},
    actors: NetworkOptions['actors'] = {},
  ): Promise<Network> => {
    const engine = { flush: async () => {}, lastId: () => undefined };
    const onWarning = (message: string) => void warnings.push(message);
    const settings = settingsOf({ name, exposed: true, onWarning, ...more });
    makers.set(engine, bounds =>
      makeNatsEngine(fake.connect(), settings, bounds, seamsOf({ client: fakeClient })),
    );
    const network = await Network.create(GRAPH, {
      components: { Say: { source: saying('one') } },
      actors: { timeoutMs: 1000, ...actors },
      engine,
    });
    network.start();
    return network;
  };
  const reloading = async (name: string, mostMs = 10_000) => {
    const report = await readNetwork(fake.connect(), name, async () => fakeClient);
    return report!.reload(mostMs);
  };
  const until = async (what: string, isThere: () => boolean | Promise<boolean>) => {
    for (const endMs = Date.now() + 20_000; !(await isThere()); await wait(5))
      if (Date.now() > endMs) throw new Error(`${what} does not come`);
  };
  const send = (name: string, node: string) =>
    fake.publish(`pb.${name}.in.to${node}`, new TextEncoder().encode('{"type":"Flow"}'));
  const words = (name: string, node: string) =>
    (fake.streams.get(`PB_${name}_OUT`)?.messages ?? [])
      .filter(({ subject }) => subject === `pb.${name}.out.of${node}`)
      .map(({ data }) => (JSON.parse(new TextDecoder().decode(data)) as { data: string }).data);
  /** Sends a message to each node, and returns the words that come of them. */
  const say = async (name: string) => {
    const counts = NODES.map(node => words(name, node).length);
    for (const node of NODES) send(name, node);
    await until('the word of each node', () =>
      NODES.every((node, at) => words(name, node).length > counts[at]!),
    );
    return NODES.map(node => words(name, node).at(-1)).join(' ');
  };
  const stop = (...networks: Network[]) =>
    Promise.all(networks.map(network => network.stop({ drain: false }).catch(() => {})));

  for (const spread of [true, false])
    test(`all workers get another module between two steps, and later ones too, ${spread ? 'with' : 'without'} spread`, async () => {
      const name = `reload-${spread}`;
      const first = await start(name, { spread });
      // Without spread the second one waits in Network.create.
      const second = start(name, { spread });
      if (spread) await second;
      await until('the second worker', () => {
        const keys = fake.streams.get(`KV_PB_${name}_LEASE`)?.messages ?? [];
        return keys.filter(({ subject }) => subject.includes('.worker.')).length === 2;
      });
      is(await say(name), 'one one one');
      let isSending = true;
      const sending = (async () => {
        for (; isSending; await wait(20)) for (const node of NODES) send(name, node);
      })();
      const reload = await reloading(name);
      const { isChosen, running, problems } = await reload.run('Say', saying('two')).finally(() => {
        isSending = false;
      });
      equal([isChosen, running.length, [...problems]], [true, 2, []]);
      await sending;
      is(await say(name), 'two two two');
      const sent = fake.streams.get(`PB_${name}_IN`)!.last;
      await until('the last word', () => NODES.flatMap(node => words(name, node)).length === sent);
      for (const node of NODES) {
        const all = words(name, node);
        ok(all.lastIndexOf('one') < all.indexOf('two'), `${node}: ${all.join(' ')}`);
      }
      warnings.length = 0;
      await stop(first);
      const later = start(name, { spread });
      if (spread) await later;
      else await stop(await second);
      is(await say(name), 'two two two');
      match(warnings.join('\n'), /component "Say" runs the module of the last plugboard net reload/);
      is(await reload.forget('Say'), true);
      is(await reload.forget('Say'), false);
      await stop(await second, await later);
      const last = await start(name, { spread });
      is(await say(name), 'one one one');
      await stop(last);
    });

  const REFUSED: readonly [name: string, module: Uint8Array<ArrayBuffer>, message: RegExp][] = [
    ['bytes that are not a module', new Uint8Array([1, 2, 3]), /expected wasm/],
    ['a module without the port that the graph uses', saying('two', 'other'), /has no outport "out"/],
  ];
  for (const [what, module, message] of REFUSED)
    test(`${what}: nobody changes`, async () => {
      const name = `reload-${what.length}`;
      const networks = [await start(name, { spread: true }), await start(name, { spread: true })];
      const { isChosen, problems } = await (await reloading(name)).run('Say', module);
      is(isChosen, false);
      match([...problems.values()][0]!, message);
      is(await say(name), 'one one one');
      is(fake.streams.get(`OBJ_PB_${name}`)!.messages.length, 0, 'objects that nobody uses');
      await stop(...networks);
    });

  test('if one of the workers refuses a module, or does not answer, nobody changes', async () => {
    const name = 'reload-one';
    const limits = { moduleBytes: saying('one').length };
    const networks = [
      await start(name, { spread: true }),
      await start(name, { spread: true }, { limits }),
      await start(name, { spread: true }),
    ];
    const reload = await reloading(name, 500);
    const large = await reload.run('Say', saying('a longer word'));
    equal([large.isChosen, large.problems.size], [false, 1]);
    match([...large.problems.values()][0]!, /bytes/);
    const unknown = await reload.run('Shout', saying('two'));
    match([...unknown.problems.values()][0]!, /no node runs a module "Shout"/);
    fake.publish(`$KV.PB_${name}_LEASE.worker.ghost`, new TextEncoder().encode('null'));
    const silent = await reload.run('Say', saying('two'));
    equal(
      [silent.isChosen, [...silent.problems]],
      [false, [['ghost', 'did not say that it is ready within 500 ms']]],
    );
    const keys = fake.streams.get(`KV_PB_${name}_LEASE`)!;
    keys.messages = keys.messages.filter(({ subject }) => !subject.endsWith('.ghost'));
    is(await say(name), 'one one one');
    await stop(...networks);
  });

  test('of two reloads at once one is told to come again, and without a worker there is nobody to ask', async () => {
    const name = 'reload-two';
    const network = await start(name);
    const [one, two] = [await reloading(name), await reloading(name)];
    const results = await Promise.all([one.run('Say', saying('uno')), two.run('Say', saying('dos'))]);
    equal(results.map(({ isChosen }) => isChosen).sort(), [false, true]);
    const at = results.findIndex(({ isChosen }) => isChosen);
    const word = ['uno', 'dos'][at]!;
    is(await say(name), [word, word, word].join(' '));
    await stop(network);
    const { isChosen, problems } = await one.run('Say', saying('two'));
    equal([isChosen, [...problems.keys()]], [false, ['']]);
  });

  test('a worker that cannot run the chosen module does not start, and says how to go on', async () => {
    const name = 'reload-late';
    const network = await start(name);
    const reload = await reloading(name);
    await reload.run('Say', saying('a longer word'));
    const limits = { moduleBytes: saying('one').length };
    const error = await raises(() => start(name, {}, { limits }), { code: 'INVALID_STATE_FILE' });
    match(error.message, /module of component "Say" that plugboard net reload has put there/);
    await stop(network);
  });

  // Everybody who may write to the server can have written these.
  const foreign: readonly [key: string, content: string, message: RegExp][] = [
    ['modules', '{', /the key \$KV\.PB_foreign-0_LEASE\.modules cannot be read/],
    ['modules', '{"chosen":[]}', /its content\.chosen: expected an object/],
    ['modules', '{"chosen":{"Say":7}}', /its content\.chosen: expected a text/],
    ['modules', '{"chosen":{},"offered":"x"}', /its content\.offered: expected an object/],
    ['parts', '[]', /its content: expected an object/],
    ['parts', '{"a":null}', /its content: expected a text/],
  ];
  for (const [index, [key, content, message]] of foreign.entries())
    test(`foreign content under the key ${key} is refused: ${content}`, async () => {
      const name = `foreign-${index}`;
      await stop(await start(name, { spread: true }));
      fake.publish(`$KV.PB_${name}_LEASE.${key}`, new TextEncoder().encode(content));
      await raises(() => start(name, { spread: true }), { code: 'INVALID_STATE_FILE', message });
    });

  test('foreign content under the key of another worker ends the network, with the key', async () => {
    const name = 'foreign-worker';
    const network = await start(name, { spread: true });
    const waiting = network.outports.ofa![Symbol.asyncIterator]().next();
    fake.publish(`$KV.PB_${name}_LEASE.worker.other`, new TextEncoder().encode('"all"'));
    const message = /LEASE\.worker\.other cannot be read: its content: expected an array/;
    await raises(() => waiting, { code: 'NETWORK_STOPPED', message });
  });
});

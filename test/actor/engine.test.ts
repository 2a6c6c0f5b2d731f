import { ActorConfig, ExtismEngine, Message, writeConfig, writePayload } from '../../src/actor/index.ts';
import { equal, is } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const source = () => host().readBytes('fixtures/rust-keeper/rust_keeper.wasm');
const config = writeConfig(ActorConfig.fromNode({ id: 'n', component: 'c' }));
const callOf = (packet: Parameters<typeof writePayload>[0], state = new Map([['who', 'nobody']])) => ({
  payload: writePayload(packet),
  config,
  state,
  packets: [],
});

suite('engine', test => {
  test('a result has the keys that the plugin set, and a state that is the own one of its caller', async () => {
    const engine = await ExtismEngine.create({ source: source() }, { stderr: () => {} });
    const call = callOf({ 'do:set': Message.object({ who: 'A', new: 'B' }) });
    const { written } = await engine.process(call);
    equal([...written].sort(), ['new', 'who']);
    equal([...call.state].sort(), [
      ['new', 'B'],
      ['who', 'A'],
    ]);
    const results = [
      await engine.process(callOf({ in: Message.flow() })),
      await engine.process(callOf({ in: Message.flow() })),
    ];
    for (const { state } of results) {
      equal(state, { who: 'nobody' });
      state!.who = 'changed';
    }
    is((await engine.process(callOf({ in: Message.flow() }))).state!.who, 'nobody');
    await engine.close();
  });

  test('an output is read before a call that the callback debug makes', async () => {
    let isNested = false;
    let nested: ReturnType<ExtismEngine['process']> | undefined;
    const of = (text: string) => callOf({ in: Message.string(text) }, new Map([['who', text]]));
    const engine: ExtismEngine = await ExtismEngine.create(
      { source: source() },
      {
        stderr: () => {},
        debug(line) {
          if (isNested || !line.startsWith('call: process done')) return;
          isNested = true;
          nested = engine.process(of('second'));
        },
      },
    );
    const first = await engine.process(of('first!'));
    for (const [result, text] of [[first, 'first!'] as const, [await nested!, 'second'] as const]) {
      equal(result.outputs, { in: Message.string(text) });
      equal(result.state, { who: text });
    }
    await engine.close();
  });
});

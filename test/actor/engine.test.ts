import { ActorConfig, ExtismEngine, Message, writeConfig, writePayload } from '../../src/actor/index.ts';
import type { CallError } from '../../src/node.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
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

  test('the output of a failed call stays as it is after the next call', async () => {
    const env = 'extism:host/env';
    const wasm = buildModule({
      imports: [
        { module: env, name: 'input_offset', results: ['i64'] },
        { module: env, name: 'input_length', results: ['i64'] },
        { module: env, name: 'output_set', params: ['i64', 'i64'] },
      ],
      functions: [{ name: 'process', body: ['call 0', 'call 1', 'call 2', 'i32.const 1'], results: ['i32'] }],
    });
    const engine = await ExtismEngine.create({ source: wasm });
    const failureOf = (text: string): Promise<CallError> =>
      engine.process(callOf({ in: Message.string(text) })).then(
        () => ({}) as CallError,
        error => error as CallError,
      );
    const first = await failureOf('first');
    const second = await failureOf('other');
    for (const [error, text] of [[first, 'first'] as const, [second, 'other'] as const]) {
      is(error.code, 'NONZERO_RESULT');
      ok(error.output!.text().includes(text), error.output!.text());
    }
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

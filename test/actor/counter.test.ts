import {
  Message,
  type Packet,
  ScriptActor,
  ScriptEnvironment,
  ScriptRuntime,
  writePacket,
} from '../../src/actor/index.ts';
import { equal } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const counter = (file: string, config: { [key: string]: number } = {}) =>
  ScriptActor.create(
    {
      environment: ScriptEnvironment.SYSTEM,
      runtime: ScriptRuntime.Extism,
      source: host().readBytes(`fixtures/${file}`),
      entry_point: 'process',
      packages: null,
    },
    { config },
  );

type Step = [sent: Packet, came: string[], count: number];

async function play(actor: ScriptActor, steps: Step[]): Promise<void> {
  for (const [sent, came, count] of steps) {
    equal(
      (await actor.process(sent)).map(packet => writePacket(packet)),
      came,
    );
    equal(actor.state, { count });
  }
  await actor.stop();
}

suite("the seed's counters", test => {
  test('the Rust counter obeys increment, decrement, reset, and initial_value of the config', async () => {
    const step = (port: string, count: number): Step => [
      { [port]: Message.flow() },
      [`{"count":{"type":"Integer","data":${count}}}`],
      count,
    ];
    await play(await counter('rust-counter/rust_counter.wasm', { initial_value: 10 }), [
      step('increment', 11),
      step('increment', 12),
      step('decrement', 11),
      step('another port', 11),
      step('reset', 10),
    ]);
    await play(await counter('rust-counter/rust_counter.wasm'), [step('decrement', -1), step('reset', 0)]);
  });

  test('the packet that the Go counter sends during a call comes before its result', async () => {
    const step = (operation: string, count: number): Step => [
      { operation: Message.string(operation) },
      [
        `{"count":{"type":"Integer","data":${count}},"status":{"type":"String","data":"Processing complete"}}`,
        `{"operation":{"type":"String","data":"${operation}"},"value":{"type":"Integer","data":${count}}}`,
      ],
      count,
    ];
    await play(await counter('go-counter/go_counter.wasm'), [
      step('increment', 1),
      step('increment', 2),
      step('double', 4),
      step('decrement', 3),
      [{}, ['{"value":{"type":"Integer","data":3}}'], 3],
      step('reset', 0),
    ]);
  });
});

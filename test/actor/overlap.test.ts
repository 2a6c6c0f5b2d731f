import {
  type ActorOptions,
  Message,
  type Packet,
  type ProcessError,
  ScriptActor,
} from '../../src/actor/index.ts';
import { jspi } from '../../src/engine/jspi.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { answering, METADATA, RESULT } from './answering.ts';

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    error => (error as ProcessError).code,
  );
const WASM = answering({ process: RESULT, get_metadata: METADATA }, { process: ['wait', 'echo'] });

type Wait = (actor: ScriptActor) => Promise<void>;

/** Returns an actor whose calls first call the host function `wait`, which runs this function. */
async function waiting(wait: Wait, options: ActorOptions = {}): Promise<ScriptActor> {
  const made: { actor?: ScriptActor } = {};
  const functions = { 'extism:host/user': { wait: async () => wait(made.actor!) } };
  const given = { stderr: () => {}, queueTimeoutMs: 60, ...options, functions };
  made.actor = await ScriptActor.create({ source: WASM }, given);
  return made.actor;
}

/** Returns the number in the payload that the plugin sent back. */
const numberOf = ([packet]: readonly Packet[]): number =>
  (Message.toPlain(packet!.payload!) as { n: { data: number } }).n.data;

const overlapping = (test: Parameters<Parameters<typeof suite>[1]>[0]) => {
  for (const count of [50, 500]) {
    test(`${count} packets at once are processed in order`, async () => {
      const actor = await waiting(() => pause(0).then(() => {}));
      const numbers = Array.from({ length: count }, (_, number) => number);
      const results = await Promise.all(numbers.map(number => actor.process({ n: Message.integer(number) })));
      equal(results.map(numberOf), numbers);
      await actor.stop();
    });
  }

  const waits: Record<string, (actor: ScriptActor) => Promise<unknown>> = {
    process: actor => actor.process({}),
    drain: actor => actor.drain(),
    stop: actor => actor.stop(),
    reload: actor => actor.reload(WASM),
    'inports.send': async actor => {
      await actor.inports.send({});
      await actor.inports.send({});
    },
  };
  for (const [name, wait] of Object.entries(waits)) {
    test.row(
      'error.QUEUE_TIMEOUT',
      `a host function that waits for ${name} of its own actor gets an error`,
      async () => {
        const codes: unknown[] = [];
        const actor = await waiting(
          async self => {
            if (codes.length > 0) return;
            codes.push('begun');
            await pause(1);
            codes[0] = await codeOf(wait(self));
          },
          { capacity: 1 },
        );
        is((await actor.process({})).length, 1);
        equal(codes, ['QUEUE_TIMEOUT']);
        if (name !== 'stop') is((await actor.process({})).length, 1);
        await actor.stop();
      },
    );

    test(`a host function that calls ${name} without waiting for it gets its result after the call`, async () => {
      const codes: Promise<unknown>[] = [];
      const actor = await waiting(async self => {
        await pause(1);
        if (codes.length === 0) codes.push(codeOf(wait(self)));
      });
      is((await actor.process({})).length, 1);
      equal(await Promise.all(codes), [null]);
      await actor.stop();
    });
  }

  test.row(
    'error.ABORTED',
    'a packet that waits is aborted at once, and the others are processed',
    async () => {
      let open = () => {};
      const opened = new Promise<void>(resolve => {
        open = resolve;
      });
      const actor = await waiting(() => opened);
      const controller = new AbortController();
      const first = actor.process({});
      const second = actor.process({}, { signal: controller.signal });
      const third = actor.process({});
      await pause(1);
      controller.abort(new Error('enough'));
      const error = await raises(() => second, { code: 'ABORTED', message: 'enough' });
      is(error.name, 'ProcessError');
      open();
      ok((await first).length === 1 && (await third).length === 1);
      await actor.stop();
    },
  );
};

suite('overlapping packets', overlapping, jspi ? null : 'this engine cannot suspend a plugin');

suite('overlapping packets of a plugin that need not wait', test => {
  test('500 packets at once are processed in order', async () => {
    const source = answering({ process: RESULT, get_metadata: METADATA }, { process: ['echo'] });
    const actor = await ScriptActor.create({ source }, { stderr: () => {} });
    const numbers = Array.from({ length: 500 }, (_, number) => number);
    const results = await Promise.all(numbers.map(number => actor.process({ n: Message.integer(number) })));
    equal(results.map(numberOf), numbers);
    await actor.stop();
  });
});

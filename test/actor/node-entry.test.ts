import { FileState, Message, ModuleLoader, type ProcessError, ScriptActor } from '../../src/actor/node.ts';
import { inFolder } from '../cli/spawn.ts';
import { equal, ok, raises } from '../helpers/assert.ts';
import { op } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { buildGuest, i64 } from '../src/guest.ts';

const KEEPER = 'fixtures/rust-keeper/rust_keeper.wasm';
/** `i64.gt_u`, `if`, `loop`, `br 0`, and their ends. */
const spinIfLonger = [0x56, 0x04, 0x40, 0x03, 0x40, 0x0c, 0, op.end, op.end];
const spinner = buildGuest({ process: ['input_length', ...i64(1000), ...spinIfLonger] });

suite('actors on Node, Deno and Bun', test => {
  test('a loader reads files, and makes actors of the class of this entry', () =>
    inFolder(async folder => {
      const loader = new ModuleLoader({ stderr: () => {} });
      await loader.load('keeper', host().path(KEEPER));
      const state = await FileState.open(`${folder}/s.json`);
      const actor = await loader.createActor('keeper', { state });
      ok(actor instanceof ScriptActor);
      await actor.process({ 'do:set': Message.object({ n: 1 }) });
      await actor.stop();
      equal((await FileState.open(`${folder}/s.json`)).load(), new Map([['n', 1]]));
    }));

  test.row('upstream.5', 'time is limited by force, and the actor goes on', async () => {
    const actor = await ScriptActor.create({ source: spinner }, { timeoutMs: 300 });
    const short = { in: Message.flow() };
    const long = { in: Message.string('x'.repeat(1000)) };
    const codeOf = (packet: typeof short | typeof long) =>
      actor.process(packet).then(
        () => 'none',
        (error: ProcessError) => error.code,
      );
    // It answers nothing at all, which is no result, but an answer.
    equal(
      [await codeOf(short), await codeOf(long), await codeOf(short)],
      ['INVALID_RESULT', 'TIMEOUT', 'INVALID_RESULT'],
    );
    await actor.stop();
  });

  test('a state that is no JSON object is refused with the path of its file', () =>
    inFolder(async folder => {
      await raises(() => FileState.open(folder), {
        code: 'STATE_STORE_FAILED',
        message: new RegExp(`^${folder}: `),
      });
    }));
});

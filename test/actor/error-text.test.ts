import { ScriptActor, writePacket } from '../../src/actor/index.ts';
import { errorPackets } from '../../src/actor/process-error.ts';
import { equal, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { type Body, buildGuest, hold, i32, i64 } from '../src/guest.ts';

const setError: Body = [...hold('TEST'), 'local.get 0', 'error_set'];
const ends: [code: string, end: Body][] = [
  ['TRAP', ['unreachable']],
  ['INVALID_HANDLE', [...i64(9), 'config_get', 'drop']],
  ['EXIT', [...i32(3), 'proc_exit']],
  ['STACK_OVERFLOW', ['call process']],
  ['PLUGIN_ERROR', []],
];

suite('error texts of actors', test => {
  for (const [code, end] of ends) {
    test(`the error packet has the text that the plugin set before the end: ${code}`, async () => {
      const source = buildGuest({ process: { body: [...setError, ...end], locals: ['i64'] } });
      const actor = await ScriptActor.create({ source });
      const error = await raises(() => actor.process({}), { code, message: /^TEST$/ });
      equal(
        errorPackets(error, false).map(packet => writePacket(packet)),
        ['{"error":{"type":"Error","data":"TEST"}}'],
      );
      await actor.stop();
    });
  }
});

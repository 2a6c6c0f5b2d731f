import type { StateModule } from '../../src/actor/node.ts';
import { answering } from '../actor/answering.ts';
import { is } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const packet = (number: number) => `{"n":{"type":"Integer","data":${number}}}\n`;
/** An actor that answers every message with this number. */
const actor = (number: number) =>
  answering({
    process: `{"outputs":{"n":{"type":"Integer","data":${number}}},"state":{"n":${number}}}`,
    get_metadata: '{"component":"X"}',
  });

const NOT_RELOADED = 'plugboard: actor.wasm: not reloaded, the old module goes on: ';

/** Each step writes the file, waits for the start of a new line on stderr, and sends a message. */
interface Step {
  name: string;
  write: Uint8Array | null;
  stderr: string;
  /** The answer of the actor from then on. */
  answer: number;
}
const steps: Step[] = [
  { name: 'another module', write: actor(2), stderr: 'plugboard: actor.wasm: reloaded\n', answer: 2 },
  {
    name: 'half a file',
    write: actor(3).subarray(0, 50),
    stderr: `${NOT_RELOADED}INVALID_WASM: `,
    answer: 2,
  },
  { name: 'the whole file', write: actor(3), stderr: 'plugboard: actor.wasm: reloaded\n', answer: 3 },
  {
    name: 'no file',
    write: null,
    stderr: `${NOT_RELOADED}FILE: actor.wasm: there is no such file\n`,
    answer: 3,
  },
  { name: 'a file again', write: actor(4), stderr: 'plugboard: actor.wasm: reloaded\n', answer: 4 },
  { name: 'an empty file', write: new Uint8Array(), stderr: `${NOT_RELOADED}INVALID_WASM: `, answer: 4 },
];

suite('cli run: watch', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }

  test(`plugboard run --watch goes on after ${steps.map(({ name }) => name).join(', ')}`, async () => {
    const { readFileSync, rmSync, writeFileSync } = await import('node:fs');
    const { createHash } = await import('node:crypto');
    const { inFolder, start } = await import('./spawn.ts');
    await inFolder(async folder => {
      const path = `${folder}/actor.wasm`;
      writeFileSync(path, actor(1));
      const child = start(folder, ['run', 'actor.wasm', '--watch', '--state', 's.json']);
      /** Name of the module in the state file, as its answer. */
      const writer = () => {
        const { module } = JSON.parse(readFileSync(`${folder}/s.json`, 'utf8')) as { module: StateModule };
        const wrote = (number: number) =>
          createHash('sha256').update(actor(number)).digest('hex') === module.sha256;
        return [1, 2, 3, 4].find(wrote);
      };
      // A line that never comes fails the test and does not hang it.
      const limit = setTimeout(() => child.kill(), 60_000);
      const ended = new Promise<number | null>(resolve => child.on('close', resolve));
      /** Resolves to the next lines of a stream, once it ends with a whole line. */
      const lines = (stream: typeof child.stdout) => {
        const texts = stream.setEncoding('utf8')[Symbol.asyncIterator]();
        return async () => {
          let text = '';
          while (!text.endsWith('\n')) {
            const { done, value } = await texts.next();
            if (done) throw new Error(`the program has ended after ${JSON.stringify(text)}`);
            text += String(value);
          }
          return text;
        };
      };
      const [nextOut, nextErr] = [lines(child.stdout), lines(child.stderr)];
      const ask = async () => {
        child.stdin.write('{"in":{"type":"Flow"}}\n');
        return nextOut();
      };
      is(await ask(), packet(1));
      for (const { name, write, stderr, answer } of steps) {
        if (write) writeFileSync(path, write);
        else rmSync(path);
        const told = await nextErr();
        is(told.slice(0, stderr.length), stderr, name);
        is(await ask(), packet(answer), name);
        is(writer(), answer, name);
      }
      child.stdin.end();
      is(await ended, 0);
      clearTimeout(limit);
    });
  });
});

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { JsonValue } from '../../src/actor/index.ts';
import { FileState } from '../../src/actor/node.ts';
import { inFolder, start } from '../cli/spawn.ts';
import { stateStoreContract } from '../contract/state-store.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

stateStoreContract({
  name: 'FileState',
  isLasting: true,
  withPlace: body => inFolder(folder => body(() => FileState.open(`${folder}/s.json`))),
});

suite('FileState', test => {
  test('writes one line of JSON, and nothing where nothing changed', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const store = await FileState.open(path);
      is(existsSync(path), false);
      await store.commit(new Map<string, JsonValue>([['a', 1]]));
      is(readFileSync(path, 'utf8'), '{"a":1}\n');
      writeFileSync(path, 'changed elsewhere');
      await store.commit(new Map<string, JsonValue>([['a', 1]]));
      is(readFileSync(path, 'utf8'), 'changed elsewhere');
      await store.commit(new Map<string, JsonValue>([['a', 2]]));
      is(readFileSync(path, 'utf8'), '{"a":2}\n');
      equal(readdirSync(folder), ['s.json']);
    }));

  test('takes away what a killed program left, and nothing else', () =>
    inFolder(async folder => {
      const others = ['.s.json.tmp', '.s.json.x1.tmp', '.t.json.1.tmp', 's.json.1.tmp'];
      for (const hasFile of [false, true]) {
        for (const name of ['.s.json.123.tmp', ...others]) writeFileSync(`${folder}/${name}`, '{"ha');
        if (hasFile) writeFileSync(`${folder}/s.json`, '{}');
        await FileState.open(`${folder}/s.json`);
        equal(readdirSync(folder).sort(), [...others, ...(hasFile ? ['s.json'] : [])].sort());
      }
    }));

  test('of two that have the same file, the last one to commit wins, whole', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const store = await FileState.open(path);
      await store.commit(new Map([['a', 1]]));
      const other = await FileState.open(path);
      await other.commit(new Map([['a', 2]]));
      await store.commit(new Map([['a', 3]]));
      is(readFileSync(path, 'utf8'), '{"a":3}\n');
    }));

  test('a state that is no JSON is refused, and the file stays', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const store = await FileState.open(path);
      await store.commit(new Map([['a', 1]]));
      await raises(() => store.commit(new Map([['a', Number.NaN]])), {
        code: 'JSON_VALUE',
        message: 'state.a: NaN is not JSON',
      });
      is(readFileSync(path, 'utf8'), '{"a":1}\n');
      equal(readdirSync(folder), ['s.json']);
    }));

  test('killed in the middle of a write, the old state or the new one is there, whole', () =>
    inFolder(async folder => {
      const keeper = host().path('fixtures/rust-keeper/rust_keeper.wasm');
      const message = (letter: string) =>
        `{"do:set":{"type":"Object","data":{"text":"${letter.repeat(8_000_000)}"}}}\n`;
      const temporary = () => readdirSync(folder).filter(name => name.endsWith('.tmp'));
      let killedInWrite = 0;
      for (let attempt = 0; attempt < 20 && killedInWrite < 2; attempt++) {
        const child = start(folder, ['run', keeper, '--state', 's.json']);
        let hasEnded = false;
        const ended = new Promise<void>(resolve => {
          child.on('close', () => {
            hasEnded = true;
            resolve();
          });
        });
        child.stdin.on('error', () => {});
        child.stdin.end('abc'.split('').map(message).join(''));
        // What an earlier attempt left is gone once the program has started.
        const old = temporary();
        while (!hasEnded && temporary().every(name => old.includes(name))) {
          await new Promise(resolve => setImmediate(resolve));
        }
        child.kill('SIGKILL');
        await ended;
        if (temporary().length > 0) killedInWrite++;
        if (!existsSync(`${folder}/s.json`)) continue;
        const { text } = JSON.parse(readFileSync(`${folder}/s.json`, 'utf8')) as { text: string };
        ok(text.length === 8_000_000 && text === text[0]!.repeat(8_000_000), `text of ${text.length}`);
      }
      ok(killedInWrite > 0, 'it was killed in the middle of a write');
      await FileState.open(`${folder}/s.json`);
      equal(temporary(), []);
    }));
});

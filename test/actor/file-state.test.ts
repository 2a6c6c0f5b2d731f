import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import {
  FileState,
  type FileStateOptions,
  type JsonValue,
  Message,
  ScriptActor,
} from '../../src/actor/node.ts';
import { inFolder, start } from '../cli/spawn.ts';
import { stateStoreContract } from '../contract/state-store.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { OTHER_FILES } from './other-files.ts';

/** A state file without a module, with this state. */
const file = (state: string) =>
  `{"plugboard":"state","version":1,"module":null,"positions":{},"state":${state}}\n`;

stateStoreContract({
  name: 'FileState',
  isLasting: true,
  withPlace: body => inFolder(folder => body(() => FileState.open(`${folder}/s.json`))),
});

suite('FileState', test => {
  test('a commit writes one line of JSON, and does not write an unchanged state', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const store = await FileState.open(path);
      equal(readdirSync(folder), []);
      await store.commit(new Map<string, JsonValue>([['a', 1]]));
      is(readFileSync(path, 'utf8'), file('{"a":1}'));
      writeFileSync(path, file('{"a":"changed elsewhere"}'));
      await store.commit(new Map<string, JsonValue>([['a', 1]]));
      is(readFileSync(path, 'utf8'), file('{"a":"changed elsewhere"}'));
      await store.load();
      await store.commit(new Map<string, JsonValue>([['a', 2]]));
      is(readFileSync(path, 'utf8'), file('{"a":2}'));
      equal(readdirSync(folder), ['s.json']);
    }));

  test('open removes temporary files of a killed program, and no other file', () =>
    inFolder(async folder => {
      const others = ['.s.json.tmp', '.s.json.x1.tmp', '.t.json.1.tmp', 's.json.1.tmp'];
      for (const hasFile of [false, true]) {
        for (const name of ['.s.json.123.tmp', ...others]) writeFileSync(`${folder}/${name}`, '{"ha');
        if (hasFile) writeFileSync(`${folder}/s.json`, file('{}'));
        await FileState.open(`${folder}/s.json`);
        equal(readdirSync(folder).sort(), [...others, ...(hasFile ? ['s.json'] : [])].sort());
      }
    }));

  test('two stores with the same file commit on top of the latest state, and lose nothing', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const stores = [await FileState.open(path), await FileState.open(path)];
      const add = async (store: FileState, key: string) =>
        store.commit(new Map(await store.load()).set(key, 1));
      for (const [index, key] of [...'abcd'].entries()) await add(stores[index % 2]!, key);
      const [one, other] = stores as [FileState, FileState];
      const before = await one.load();
      await add(other, 'e');
      await raises(() => one.commit(new Map(before).set('f', 1)), {
        code: 'STATE_STORE_FAILED',
        message: `${path}: another program has changed the file since it was read; its version is kept`,
      });
      await add(one, 'f');
      is(readFileSync(path, 'utf8'), file('{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}'));
      equal(readdirSync(folder), ['s.json']);
    }));

  test('a file that another program has changed or made is not replaced, and a removed file is made again', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const store = await FileState.open(path);
      writeFileSync(path, '{"made":"by another"}');
      for (let time = 0; time < 2; time++) {
        await raises(async () => store.load(), {
          code: 'INVALID_STATE_FILE',
          message: 'another JSON object',
        });
        await raises(() => store.commit(new Map([['a', 1]])), { code: 'STATE_STORE_FAILED' });
      }
      is(readFileSync(path, 'utf8'), '{"made":"by another"}');
      rmSync(path);
      await store.commit(new Map([['a', 1]]));
      rmSync(path);
      await store.commit(new Map([['a', 1]]));
      is(readFileSync(path, 'utf8'), file('{"a":1}'));
      rmSync(path);
      equal(await store.load(), new Map([['a', 1]]));
      await store.commit(new Map([['a', 2]]));
      is(readFileSync(path, 'utf8'), file('{"a":2}'));
    }));

  test('an actor goes on from the state that another program has written', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const source = await host().readBytes('fixtures/rust-counter/rust_counter.wasm');
      const actor = await ScriptActor.create({ source }, { state: await FileState.open(path) });
      const next = async () => (await actor.process({ increment: Message.flow() }))[0]?.count?.data;
      is(await next(), 1);
      writeFileSync(path, file('{"count":41}'));
      is(await next(), 42);
      await actor.stop();
    }));

  test('a lock that a killed program left does not last, and one of a program that lives is waited for', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const lock = `${folder}/.s.json.lock`;
      const store = await FileState.open(path);
      writeFileSync(lock, '');
      const before = Date.now() / 1000 - 60;
      utimesSync(lock, before, before);
      await store.commit(new Map([['a', 1]]));
      writeFileSync(lock, '');
      let isFree = false;
      setTimeout(() => {
        isFree = true;
        rmSync(lock);
      }, 20);
      await store.commit(new Map([['a', 2]]));
      ok(isFree);
      is(readFileSync(path, 'utf8'), file('{"a":2}'));
      equal(readdirSync(folder), ['s.json']);
    }));

  test('a JSON object that is not a state file is read only with adopt, and becomes a state file', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      writeFileSync(path, '{"big":9007199254740993,"one":1.0}');
      await raises(() => FileState.open(path), {
        code: 'INVALID_STATE_FILE',
        message: `${path}: expected a state file, which begins with {"plugboard":"state","version":1, got another`,
      });
      const store = await FileState.open(path, { adopt: true });
      await store.commit(await store.load());
      is(readFileSync(path, 'utf8'), file('{"big":9007199254740993,"one":1.0}'));
      equal((await FileState.open(path)).load(), await store.load());
    }));

  for (const [text, problem, withAdopt] of OTHER_FILES) {
    test.row('error.INVALID_STATE_FILE', `leaves the file ${JSON.stringify(text)} as it is: ${problem}`, () =>
      inFolder(async folder => {
        const path = `${folder}/s.json`;
        writeFileSync(path, text);
        for (const adopt of withAdopt ? [false] : [false, true]) {
          const expected = { code: 'INVALID_STATE_FILE', message: `${path}: ${problem}` };
          await raises(() => FileState.open(path, { adopt }), expected);
          is(readFileSync(path, 'utf8'), text);
          equal(readdirSync(folder), ['s.json']);
        }
      }),
    );
  }

  test('the file names the module that writes it, and writtenBy the module that wrote it before', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const module = { sha256: 'ab'.repeat(32) };
      const store = await FileState.open(path, { module });
      is(store.writtenBy, null);
      await store.commit(new Map());
      equal((await FileState.open(path)).writtenBy, module);

      const next = { sha256: 'cd'.repeat(32) };
      store.module = next;
      equal(store.module, next);
      await store.commit(new Map());
      equal((await FileState.open(path)).writtenBy, next);
      store.module = null;
      await store.commit(new Map());
      is((await FileState.open(path)).writtenBy, null);
      await raises(
        () => {
          store.module = { sha256: 'x' };
        },
        { code: 'INVALID_CONFIG', message: 'FileState.module: expected {"sha256": 64 hexadecimal digits' },
      );
      is(store.module, null);
    }));

  test('bytes come back as bytes, and lists of numbers as lists', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const state = new Map<string, JsonValue>(
        Object.entries({
          bytes: Uint8Array.of(0, 255),
          list: [1, 2],
          ['__proto__']: [{ ['__proto__']: Uint8Array.of(1) }, new Uint8Array(0)],
        }),
      );
      const store = await FileState.open(path);
      await store.commit(state);
      const again = await (await FileState.open(path)).load();
      ok(again.get('bytes') instanceof Uint8Array);
      is(JSON.stringify([...again]), JSON.stringify([...state]));
      ok(
        readFileSync(path, 'utf8').includes(
          '"bytes":[["bytes"],["__proto__",0,"__proto__"],["__proto__",1]],',
        ),
      );
    }));

  const wrongOptions: [options: unknown, message: string][] = [
    [{ adopted: true }, 'FileState.adopted: unknown key; did you mean "adopt"? Accepted: adopt, module'],
    [{ adopt: 1 }, 'FileState.adopt: expected true or false, got a number'],
    [
      { module: 'x' },
      'FileState.module: expected {"sha256": 64 hexadecimal digits in lower case}, got a string',
    ],
    [true, 'FileState: expected a plain object, got a boolean'],
  ];
  for (const [options, message] of wrongOptions) {
    test(`refused: ${message}`, async () => {
      await raises(() => FileState.open('never-made.json', options as FileStateOptions), {
        code: 'INVALID_CONFIG',
        message,
      });
      is(existsSync('never-made.json'), false);
    });
  }

  test('a state that is not JSON is refused, and the file stays', () =>
    inFolder(async folder => {
      const path = `${folder}/s.json`;
      const store = await FileState.open(path);
      await store.commit(new Map([['a', 1]]));
      await raises(() => store.commit(new Map([['a', Number.NaN]])), {
        code: 'JSON_VALUE',
        message: 'state.a: NaN is not JSON',
      });
      is(readFileSync(path, 'utf8'), file('{"a":1}'));
      equal(readdirSync(folder), ['s.json']);
    }));

  test('a program killed in the middle of a write leaves the whole old or new state', () =>
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
        // Temporary files of an earlier attempt are removed once the program has started.
        const old = temporary();
        while (!hasEnded && temporary().every(name => old.includes(name))) {
          await new Promise(resolve => setImmediate(resolve));
        }
        child.kill('SIGKILL');
        await ended;
        if (temporary().length > 0) killedInWrite++;
        if (!existsSync(`${folder}/s.json`)) continue;
        const { state } = JSON.parse(readFileSync(`${folder}/s.json`, 'utf8')) as { state: { text: string } };
        const { text } = state;
        ok(text.length === 8_000_000 && text === text[0]!.repeat(8_000_000), `text of ${text.length}`);
      }
      ok(killedInWrite > 0, 'it was killed in the middle of a write');
      await FileState.open(`${folder}/s.json`);
      equal(temporary(), []);
    }));
});

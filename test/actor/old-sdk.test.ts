import { outlineOf } from '../../src/actor/engine/outline.ts';
import {
  type ActorOptions,
  Message,
  type ProcessError,
  ScriptActor,
  type ScriptConfig,
} from '../../src/actor/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { answering } from './answering.ts';

const USER = 'extism:host/user';
const source = () => host().readBytes('fixtures/actor-old-sdk/actor-old-sdk.wasm');

suite('actors of the SDK of April 2025', test => {
  const old = (config: Partial<ScriptConfig> = {}, options: ActorOptions = {}) =>
    ScriptActor.create({ source: source(), ...config }, options);

  test.row(
    'upstream.17',
    'are recognised by the types of their imports, and exchange plain values',
    async () => {
      const codes: string[] = [];
      const actor = await old({ entryPoint: 'echo' }, { onDiagnostic: ({ code }) => codes.push(code) });
      equal(await actor.process({ n: Message.integer(5), o: Message.object({ type: 'Flow' }) }), [
        { n: Message.integer(5), o: Message.object({ type: 'Flow' }) },
      ]);
      equal(codes, []);
      await raises(() => actor.metadata(), { code: 'NO_METADATA', message: 'exports no get_metadata' });
      await actor.stop();
    },
  );

  test("with protocol 'context', they get a context", async () => {
    const actor = await old({ entryPoint: 'echo' }, { protocol: 'context' });
    await raises(() => actor.process({}), { code: 'INVALID_RESULT', message: 'missing outputs' });
    await actor.stop();
  });

  const compiled = async (entryPoint: string, options: ActorOptions = {}, wasm: Uint8Array = source()) => {
    const diagnostics: string[] = [];
    const actor = await ScriptActor.create(
      { source: await WebAssembly.compile(wasm.slice()), entryPoint },
      { onDiagnostic: ({ code, message }) => diagnostics.push(`${code}: ${message}`), ...options },
    );
    return { actor, diagnostics };
  };
  const REMEDY = "give the option protocol: 'ports', or the bytes of the module";

  test.row(
    'error.WRONG_PROTOCOL',
    'a compiled one is stopped before it changes the state or sends, and the error names the option',
    async () => {
      const { actor, diagnostics } = await compiled('process', { state: { other: 1 } });
      ok(diagnostics[0]?.startsWith('NO_METADATA: ') && diagnostics[0].endsWith(REMEDY), diagnostics[0]);
      for (let turn = 0; turn < 2; turn++) {
        const error = await raises(() => actor.process({}), { code: 'WRONG_PROTOCOL', message: REMEDY });
        equal((error as ProcessError).packets, []);
        equal(actor.state, { other: 1 });
      }
      await actor.stop();
    },
  );

  test("a compiled one whose first call only returns fails with the remedy; with protocol: 'ports' it works", async () => {
    const { actor } = await compiled('echo', { state: { other: 1 } });
    await raises(() => actor.process({}), {
      code: 'INVALID_RESULT',
      message: `missing outputs; if the plugin was`,
    });
    equal(actor.state, { other: 1 });
    await actor.stop();
    const { actor: told, diagnostics } = await compiled('process', { protocol: 'ports' });
    equal((await told.process({})).length, 2);
    equal([told.state, diagnostics], [{ count: 5 }, []]);
    await told.stop();
  });

  test('a compiled actor of the current SDK without metadata works as before', async () => {
    const wasm = answering(
      { process: '{"outputs":{"n":{"type":"Integer","data":1}}}' },
      { process: ['echo'] },
    );
    const { actor, diagnostics } = await compiled('process', {}, wasm);
    ok(diagnostics[0]?.endsWith(REMEDY), diagnostics[0]);
    const [sent, result] = await actor.process({});
    equal(Object.keys(sent!), ['payload', 'config', 'state']);
    equal(result, { n: Message.integer(1) });
    await actor.stop();
    const trapping = answering({ process: '{}', other: '{"outputs":{}}' }, { process: ['trap'] });
    const failed = await compiled('process', {}, trapping);
    await raises(() => failed.actor.process({}), { code: 'TRAP', message: REMEDY });
    await failed.actor.stop();
    const { actor: told, diagnostics: none } = await compiled('process', { protocol: 'context' }, wasm);
    ok(!none[0]?.includes('ports:'), none[0]);
    await told.stop();
  });

  const imports = (name: string, results: 'i64'[] = []) => [
    { module: USER, name, params: ['i64'] as const, results },
  ];
  const functions = (...names: string[]) => names.map(name => ({ name, body: [] }));
  const outlines: [name: string, wasm: Uint8Array, protocol: string][] = [
    [
      'old types',
      buildModule({ imports: imports('__send_output', ['i64']), functions: functions('process') }),
      'ports',
    ],
    [
      'new types',
      buildModule({ imports: imports('__send_output'), functions: functions('process') }),
      'context',
    ],
    ['a result that was always there', buildModule({ imports: imports('__get_state', ['i64']) }), 'context'],
    [
      'old types and metadata',
      buildModule({
        imports: imports('__send_output', ['i64']),
        functions: functions('process', 'get_metadata'),
      }),
      'context',
    ],
    ['no imports', buildModule({ functions: [{ name: 'process', body: ['unreachable'] }] }), 'context'],
    ['no wasm', Uint8Array.of(1, 2, 3), 'context'],
  ];
  for (const [name, wasm, protocol] of outlines) {
    test(`${name}: ${protocol}`, () => is(outlineOf(wasm).protocol, protocol));
  }
});

import { encodeModule } from '../../abi/encode.ts';
import { type ActorConfigInput, readActorConfig } from '../../src/actor/config/actor-config.ts';
import {
  readScriptConfig,
  type ScriptConfig,
  ScriptEnvironment,
  ScriptRuntime,
} from '../../src/actor/config/script-config.ts';
import { Float } from '../../src/actor/float.ts';
import { bytesEqual, equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const EMPTY_MODULE = encodeModule({});

suite('ScriptConfig', test => {
  const source = EMPTY_MODULE;

  const accepted: [name: string, config: ScriptConfig, entryPoint?: string][] = [
    ['the source alone', { source }],
    [
      "the seed's spelling",
      {
        environment: ScriptEnvironment.SYSTEM,
        runtime: ScriptRuntime.Extism,
        source,
        entry_point: 'run',
        packages: null,
      },
      'run',
    ],
    ['camelCase', { source, entryPoint: 'run' }, 'run'],
    ['BROWSER, which is this process too', { source, environment: ScriptEnvironment.BROWSER }],
    ['no packages', { source, packages: [] }],
    ['undefined as missing', { source, entry_point: undefined, entryPoint: undefined, packages: undefined }],
  ];
  for (const [name, config, entryPoint = 'process'] of accepted) {
    test(`${name} is accepted`, () => {
      is(readScriptConfig(config).entryPoint, entryPoint);
    });
  }

  const sources: [name: string, source: ScriptConfig['source']][] = [
    ['a Uint8Array', EMPTY_MODULE],
    ['a view with an offset', Uint8Array.of(9, ...EMPTY_MODULE, 9).subarray(1, -1)],
    ['an ArrayBuffer', EMPTY_MODULE.buffer],
    ['a list of numbers', [...EMPTY_MODULE]],
  ];
  for (const [name, given] of sources) {
    test(`the source may be ${name}`, () => {
      bytesEqual(readScriptConfig({ source: given }).source as Uint8Array, EMPTY_MODULE);
    });
  }

  test('the source may be a compiled module', async () => {
    // Some runtimes cannot compile bytes; there the module is imported.
    const module = await WebAssembly.compile(EMPTY_MODULE);
    is(readScriptConfig({ source: module }).source, module);
  });

  const refused: [config: unknown, code: string, message: string][] = [
    [null, 'INVALID_CONFIG', 'ScriptConfig: expected a plain object, got null'],
    [{}, 'INVALID_CONFIG', 'ScriptConfig.source: expected the bytes of a .wasm file'],
    [{ source: 'x.wasm' }, 'INVALID_CONFIG', 'or a WebAssembly.Module, got a string'],
    [
      { source: [0, 256] },
      'INVALID_CONFIG',
      'ScriptConfig.source[1]: expected a byte (0 to 255), got a number',
    ],
    [
      { source: [0, '1'] },
      'INVALID_CONFIG',
      'ScriptConfig.source[1]: expected a byte (0 to 255), got a string',
    ],
    [{ source, runtime: 'JavaScript' }, 'UNSUPPORTED', 'expected Extism, got JavaScript'],
    [{ source, runtime: 'Python' }, 'UNSUPPORTED', 'expected Extism, got Python'],
    [
      { source, runtime: 'extism' },
      'INVALID_CONFIG',
      'one of Extism, JavaScript, Python, got a string; did you mean "Extism"?',
    ],
    [{ source, runtime: 'toString' }, 'INVALID_CONFIG', 'ScriptConfig.runtime: expected one of'],
    [{ source, environment: 'REMOTE' }, 'UNSUPPORTED', 'expected SYSTEM or BROWSER, got REMOTE'],
    [
      { source, environment: 'system' },
      'INVALID_CONFIG',
      'one of SYSTEM, BROWSER, REMOTE, got a string; did you mean "SYSTEM"?',
    ],
    [{ source, packages: ['numpy'] }, 'UNSUPPORTED', 'expected none, got 1'],
    [{ source, packages: 'numpy' }, 'INVALID_CONFIG', 'expected a list of names, got a string'],
    [
      { source, entry_point: '' },
      'INVALID_CONFIG',
      'ScriptConfig.entry_point: expected the name of an export',
    ],
    [{ source, entry_point: 1 }, 'INVALID_CONFIG', 'expected the name of an export, got a number'],
    [
      { source, entry_point: 'a', entryPoint: 'a' },
      'INVALID_CONFIG',
      'ScriptConfig.entryPoint: expected this or "entry_point", not both',
    ],
    [
      { source, entrypoint: 'a' },
      'INVALID_CONFIG',
      'ScriptConfig.entrypoint: unknown key; did you mean "entryPoint"? Accepted: environment, runtime',
    ],
    [{ source, ['__proto__']: {} }, 'INVALID_CONFIG', 'ScriptConfig.__proto__: unknown key.'],
  ];
  for (const [config, code, message] of refused) {
    test.row(`error.${code}`, `refused: ${message}`, async () => {
      await raises(() => readScriptConfig(config as ScriptConfig), { code, message });
    });
  }
});

suite('ActorConfig', test => {
  const defaults = { node_id: 'actor', component: 'actor', resolved_env: {}, config: {}, namespace: null };

  test('every key has a default', () => equal(readActorConfig(), defaults));

  test('both spellings are read', () => {
    const resolved_env = { HOME: '/' };
    equal(readActorConfig({ nodeId: 'n', resolvedEnv: resolved_env }), {
      ...defaults,
      node_id: 'n',
      resolved_env,
    });
    equal(readActorConfig({ node_id: 'n', resolved_env }), { ...defaults, node_id: 'n', resolved_env });
  });

  test('a config that is changed later is not changed in the copy', () => {
    const config = { list: [1] };
    const read = readActorConfig({ config });
    config.list.push(2);
    equal(read.config, { list: [1] });
  });

  test('numbers and key names survive', () => {
    const config = { one: new Float(1), big: 2n ** 60n, ['__proto__']: 1 };
    equal(Object.entries(readActorConfig({ config }).config), Object.entries(config));
  });

  const refused: [config: unknown, code: string, message: string][] = [
    [[], 'INVALID_CONFIG', 'actorConfig: expected a plain object, got an empty array'],
    [{ node: 'n' }, 'INVALID_CONFIG', 'actorConfig.node: unknown key; did you mean "nodeId"?'],
    [
      { node_id: 'n', nodeId: 'n' },
      'INVALID_CONFIG',
      'actorConfig.nodeId: expected this or "node_id", not both',
    ],
    [{ node_id: 1 }, 'INVALID_CONFIG', 'actorConfig.node_id: expected a string, got a number'],
    [{ component: null }, 'INVALID_CONFIG', 'actorConfig.component: expected a string, got null'],
    [{ namespace: 1 }, 'INVALID_CONFIG', 'actorConfig.namespace: expected a string or null, got a number'],
    [{ resolved_env: [] }, 'INVALID_CONFIG', 'actorConfig.resolved_env: expected an object'],
    [
      { resolved_env: { A: 1 } },
      'INVALID_CONFIG',
      'actorConfig.resolved_env["A"]: expected a string, got a number',
    ],
    [{ config: [] }, 'INVALID_CONFIG', 'actorConfig.config: expected a JSON object, got an empty array'],
    [{ config: { a: Number.NaN } }, 'JSON_VALUE', 'actorConfig.config.a: NaN is not JSON'],
  ];
  for (const [config, code, message] of refused) {
    test.row(`error.${code}`, `refused: ${message}`, async () => {
      await raises(() => readActorConfig(config as ActorConfigInput), { code, message });
    });
  }
});

import type { Preopen } from '../../wasi/index.ts';
import type { CallContext, CallError, Plugin, PluginOptions, WasmValue } from '../node.ts';
import { runCommand } from './command.ts';
import { foldersOf, memoryFolders } from './folders.ts';
import {
  type AnswerHostCall,
  type Host,
  type HostFunctionShape,
  type HostValue,
  Refused,
  type Scenario,
  type Seen,
  type Session,
} from './host.ts';
import type { PlugboardTerms } from './plugboard-terms.ts';
import { runScriptActor } from './script-actor.ts';
import { seenError } from './seen-error.ts';
import { serveByFetch } from './serve-by-fetch.ts';

/** Features of plugboard on every runtime. */
export const CAPABILITIES = [
  'absent-output',
  'allowed-paths',
  'commands',
  'error-names',
  'exit-codes',
  'failing-host-functions',
  'float-results',
  'host-function-types',
  'http',
  'http-headers',
  'kernel-extras',
  'legacy-exceptions',
  'links',
  'logs',
  'output-of-failed-calls',
  'reentrant-calls',
  'refused-wasi',
  'start-section-imports',
  'wasi-output',
] as const;

/** plugboard, as one of the hosts that are tested. Its files are in memory, and its server is a function. */
export function plugboardHost(terms: PlugboardTerms): Host {
  let fetch: PluginOptions['fetch'];
  return {
    name: 'plugboard',
    version: terms.version,
    capabilities: new Set([...CAPABILITIES, ...(terms.more ?? [])]),
    serve: async routes => {
      const served = serveByFetch(routes);
      fetch = served.fetch;
      return served;
    },
    open: (scenario, answer) => open(terms, scenario, answer, fetch),
    actor: (scenario, given) => runScriptActor(terms, scenario, given),
    command: scenario => runCommand(terms.read(scenario.path), scenario),
    close: async () => {},
  };
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

async function open(
  terms: PlugboardTerms,
  scenario: Scenario,
  answer: AnswerHostCall,
  fetch: PluginOptions['fetch'],
): Promise<Session> {
  let logs: { level: string; text: string }[] = [];
  let stdout: string[] = [];
  let stderr: string[] = [];
  const { allowed_paths = {}, wasm, ...manifest } = scenario.manifest;
  const files = memoryFolders(scenario.folders);
  // Without folders of a case, the paths are those of this machine.
  const isOfCase = files.size > 0;
  const preopens = Object.entries(isOfCase ? allowed_paths : {}).map(([from, to]): [string, Preopen] => {
    const readOnly = from.startsWith('ro:');
    return [to, { fs: files.get(readOnly ? from.slice(3) : from)!, readOnly }];
  });
  const made: { plugin?: Plugin } = {};
  const sources = wasm.map(({ path, ...rest }) => {
    const source = terms.read(path);
    return source instanceof WebAssembly.Module ? { ...rest, module: source } : { ...rest, data: source };
  });
  const options: PluginOptions = {
    ...terms.options,
    functions: functionsOf(scenario.hostFunctions, answer, made),
    logLevel: scenario.logLevel,
    logger: Object.fromEntries(
      LEVELS.map(level => [level, (text: string) => void logs.push({ level, text })]),
    ),
    stdout: line => void stdout.push(line),
    stderr: line => void stderr.push(line),
    allowHttpResponseHeaders: scenario.httpHeaders,
    ...(fetch && { fetch }),
    ...(preopens.length > 0 && { preopens: Object.fromEntries(preopens) }),
    ...(scenario.wasi ? {} : { useWasi: false }),
  };
  let plugin: Plugin;
  try {
    const paths = isOfCase || scenario.manifest.allowed_paths === undefined ? {} : { allowed_paths };
    plugin = await terms.create(
      { ...manifest, ...paths, ...memoryOf(scenario, sources), wasm: sources },
      options,
    );
  } catch (error) {
    throw new Refused(seenError(error));
  }
  made.plugin = plugin;
  return {
    async call(name, input): Promise<Seen> {
      logs = [];
      stdout = [];
      stderr = [];
      try {
        const output = await plugin.call(name, input);
        return { output: output ? output.bytes() : null, error: null, logs, stdout, stderr };
      } catch (error) {
        const { output = null } = error as CallError;
        return { output: output ? output.bytes() : null, error: seenError(error), logs, stdout, stderr };
      }
    },
    foldersAfter: async () => foldersOf(files),
    close: () => plugin.close(),
  };
}

/** Compiled modules cannot be given a limit of their own memory: the limit is that of the kernel then. */
function memoryOf(
  { manifest: { memory } }: Scenario,
  sources: readonly object[],
): Pick<PluginOptions, 'memory'> {
  if (memory?.max_pages === undefined || !sources.some(source => 'module' in source)) return {};
  const { max_pages: maxPages, max_var_bytes: maxVarBytes } = memory;
  return { memory: { maxPages, maxVarBytes } };
}

function functionsOf(
  shapes: readonly HostFunctionShape[],
  answer: AnswerHostCall,
  made: { plugin?: Plugin },
): NonNullable<PluginOptions['functions']> {
  const functions: Record<
    string,
    Record<string, (context: CallContext, ...values: WasmValue[]) => unknown>
  > = {};
  for (const { namespace, name, params, results, waits } of shapes) {
    const run = (context: CallContext, values: WasmValue[]) => {
      const seen = values.map(
        (value, index): HostValue =>
          params[index] === 'handle'
            ? (context.read(value as bigint)?.bytes() ?? new Uint8Array(0))
            : (value as number | bigint),
      );
      const given = answer({ namespace, name }, seen);
      if ('fails' in given) throw new Error(given.fails);
      if ('callsPlugin' in given) made.plugin?.callSync(given.callsPlugin);
      const value = 'value' in given ? given.value : null;
      if (value instanceof Uint8Array) return context.store(value);
      return (
        value ?? (results.length === 0 ? undefined : results[0] === 'i64' || results[0] === 'handle' ? 0n : 0)
      );
    };
    functions[namespace] ??= {};
    functions[namespace][name] = waits
      ? async (context, ...values) => {
          await Promise.resolve();
          return run(context, values);
        }
      : (context, ...values) => run(context, values);
  }
  return functions as NonNullable<PluginOptions['functions']>;
}

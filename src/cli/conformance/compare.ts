import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Bytes, ValueType } from '../../conformance/case.ts';
import type { Host, HostFunctionShape, HostValue, Scenario } from '../../conformance/host.ts';
import { toBytes } from '../../conformance/spelled.ts';
import { type Inspection, inspect } from '../../node.ts';
import { RECORDING_FORMAT } from '../../replay/format.ts';
import { readRecording } from '../../replay/read.ts';
import { Hidden } from '../../replay/values.ts';
import { toBase64 } from '../../values/base64.ts';
import { isObject } from '../../values/object.ts';
import { readManifest } from '../call-manifest.ts';
import { defineCommand } from '../command.ts';
import { CliError } from '../errors.ts';
import { readInputFile, readJsonFile } from '../files.ts';
import { writeLines, writeStderr, writeStdout } from '../stdio.ts';
import { CASES_OPTION, folderOfCases, readCases } from './cases.ts';
import { type Difference, differencesOf, type GivenCall, rowsAbout, runCalls } from './differences.ts';
import { NOTHING_KNOWN, readExpectations } from './expectations.ts';
import { ADAPTERS, ownHost, startHost } from './hosts.ts';

const DEFAULT_TIMEOUT_S = 60;

export const compare = defineCommand({
  name: 'compare',
  summary: 'make the same calls of a plugin on several hosts, and list the differences',
  about: `Makes the same calls on plugboard and on other hosts, through the adapters of plugboard-conformance, and lists the
calls that differ. Host functions of the plugin return 0 on each host, and their calls are compared too. Rows are those of
ABI.md and WASI.md that may tell why. The exit code is 1 if a call differs.`,
  positionals: [
    { name: 'PLUGIN.wasm', help: 'file of the plugin; with --manifest, the file of its manifest' },
    { name: 'FUNCTION', help: 'name of the exported function', optional: true },
  ],
  options: {
    host: {
      value: 'HOST',
      repeatable: true,
      help: 'native, go-sdk, js-sdk, or the command of an adapter; default: those at hand',
    },
    input: { short: 'i', value: 'TEXT', help: 'input of the function' },
    calls: { value: 'FILE', help: 'calls in place of FUNCTION: "calls" of a case, or a recording' },
    manifest: { short: 'm', help: 'PLUGIN.wasm is a manifest, in JSON' },
    stub: { value: 'IMPORT=VALUE', repeatable: true, help: 'a number or text that a host function returns' },
    cases: CASES_OPTION,
    timeout: {
      value: 'S',
      unit: 'seconds',
      help: `time for an answer of a host (default: ${DEFAULT_TIMEOUT_S}; 0: no limit)`,
    },
    json: { help: 'print the differences as JSON' },
  },
  examples: [
    "plugboard compare greet.wasm greet --input 'Ada' --host native --host js-sdk",
    'plugboard compare --manifest app.json --calls calls.json --json',
  ],
  run: async ([path = '', name], given) => {
    const { cases, manifest: isManifest, json, timeout } = given;
    if ((name === undefined) === (given.calls === undefined))
      throw new CliError('USAGE', 'expected FUNCTION or --calls, and not both; see plugboard compare --help');
    const calls: readonly GivenCall[] =
      name === undefined
        ? await callsOf(given.calls!)
        : [{ function: name, input: { text: given.input ?? '' } }];
    const folder = folderOfCases(cases);
    const manifest = isManifest ? readManifest(path, await readInputFile(path)) : { wasm: [{ path }] };
    const scenario = await scenarioOf(manifest, path);
    const answers = answersOf(given.stub, scenario.hostFunctions);
    const imports = new Set<string>();
    const hosts = [
      ownHost(folder, imports),
      ...(await startHosts(given.host, folder, timeout ?? DEFAULT_TIMEOUT_S)),
    ];
    try {
      const runs = [];
      for (const host of hosts) runs.push(await runCalls(host, scenario, calls, answers, imports));
      const [own, ...others] = runs as [(typeof runs)[number], ...typeof runs];
      const files = (await readCases(folder)).map(({ file }) => file);
      const results: Compared[] = [];
      for (const other of others) {
        const known = await expectationsOf(folder, other.host);
        const differences = differencesOf(own, other).map(difference => ({
          ...difference,
          function: calls[difference.call - 1]?.function ?? null,
          rows: rowsAbout(
            difference.text,
            files,
            known,
            own.calls[difference.call - 1]?.imports ?? new Set(),
          ),
        }));
        results.push({ host: other.host.name, version: other.host.version, differences });
      }
      if (json) await writeStdout(`${JSON.stringify({ calls: calls.length, hosts: results }, null, 1)}\n`);
      else await writeLines(results.flatMap(result => describe(result, calls.length)));
      return results.some(({ differences }) => differences.length > 0) ? 1 : 0;
    } finally {
      for (const host of hosts) await host.close();
    }
  },
});

interface Compared {
  host: string;
  version: string;
  differences: (Difference & { function: string | null; rows: readonly string[] })[];
}

function describe({ host, version, differences }: Compared, count: number): string[] {
  const differing = new Set(differences.map(({ call }) => call)).size;
  return [
    `${host} ${version}: ${differing} of ${count} calls differ from plugboard`,
    ...differences.map(({ call, function: name, text, rows }) => {
      const why = rows.length > 0 ? ` (see ${rows.join(', ')})` : '';
      return `  ${call === 0 ? '' : `call ${call}, ${name}: `}${text}${why}`;
    }),
  ];
}

/** @throws {CliError} FILE; {PlugboardError} INVALID_RECORDING */
async function callsOf(path: string): Promise<GivenCall[]> {
  const json = await readJsonFile(path);
  if (!isObject(json) || json.format !== RECORDING_FORMAT) return readCalls(json, path);
  const { calls } = readRecording(await readInputFile(path));
  return calls.flatMap(({ export: name, input }, index) => {
    if (input instanceof Hidden)
      throw new CliError(
        'FILE',
        `${path}: a secret stands in the input of calls[${index}], so that it cannot be made again`,
      );
    return name === null ? [] : [{ function: name, input: { base64: toBase64(input) } }];
  });
}

/** @throws {CliError} FILE */
function readCalls(json: unknown, path: string): GivenCall[] {
  const fail = (): never => {
    throw new CliError('FILE', `${path}: expected [{"function": NAME, "input": {"text": TEXT}}, …]`);
  };
  if (!Array.isArray(json) || json.length === 0) return fail();
  return json.map(item => {
    const { function: name, input = { text: '' } } = (item ?? {}) as { function?: unknown; input?: Bytes };
    if (typeof name !== 'string') return fail();
    try {
      toBytes(input);
    } catch {
      return fail();
    }
    return { function: name, input };
  });
}

/** Reads the modules, whose imports tell the host functions. Paths start from this folder. @throws {CliError} FILE */
async function scenarioOf(manifest: Readonly<Record<string, unknown>>, path: string): Promise<Scenario> {
  const shapes = new Map<string, HostFunctionShape>();
  const wasm: Scenario['manifest']['wasm'] = [];
  const given = (Array.isArray(manifest.wasm) ? manifest.wasm : []) as ({
    path?: string;
    name?: string;
  } | null)[];
  const names = new Set(given.map(module => module?.name));
  for (const module of given) {
    if (typeof module?.path !== 'string')
      throw new CliError('FILE', `${path}: expected modules with a "path", got ${JSON.stringify(module)}`);
    const seen = inspect(await readInputFile(module.path));
    for (const shape of shapesOf(seen))
      if (!names.has(shape.namespace)) shapes.set(`${shape.namespace}.${shape.name}`, shape);
    wasm.push({ ...module, path: resolve(module.path) });
  }
  return {
    id: 'compare',
    manifest: { ...manifest, wasm },
    wasi: true,
    logLevel: 'trace',
    httpHeaders: false,
    hostFunctions: [...shapes.values()],
    folders: {},
  };
}

/** An i64 parameter is taken as a handle, as in all PDKs, since addresses of blocks differ between hosts. */
function shapesOf({ imports }: Inspection): HostFunctionShape[] {
  return [...imports.reflow, ...imports.host, ...imports.other].flatMap(({ namespace, name, kind, type }) => {
    const [, params = '', results = ''] = /^\((.*)\) -> \((.*)\)$/.exec(type ?? '') ?? [];
    const typesOf = (text: string) => text.split(', ').filter(Boolean) as ValueType[];
    const asHandle = typesOf(params).map(of => (of === 'i64' ? 'handle' : of));
    return kind === 'function' ? [{ namespace, name, params: asHandle, results: typesOf(results) }] : [];
  });
}

/** Reads `--stub`. @throws {CliError} USAGE */
function answersOf(texts: readonly string[], shapes: readonly HostFunctionShape[]) {
  const names = shapes.map(({ namespace, name }) => `${namespace}.${name}`);
  return new Map<string, HostValue>(
    texts.map(text => {
      const [label = '', value = ''] = text.split(/=(.*)/s);
      if (!names.includes(label)) {
        const expected =
          names.length > 0 ? `one of ${names.join(', ')}` : 'none, since the plugin imports none';
        throw new CliError('USAGE', `--stub: expected ${expected}, got ${JSON.stringify(label)}`);
      }
      if (/^-?\d+(\.\d+)?$/.test(value)) return [label, Number(value)];
      return [label, new TextEncoder().encode(value)];
    }),
  );
}

/** Starts the named hosts, or all with an adapter that can be started here. @throws {CliError} FILE */
async function startHosts(given: readonly string[], folder: string, timeoutS: number): Promise<Host[]> {
  const hosts: Host[] = [];
  for (const text of given.length > 0 ? given : Object.keys(ADAPTERS)) {
    try {
      hosts.push(await startHost(text, folder, timeoutS));
    } catch (error) {
      if (given.length > 0 || !(error instanceof CliError)) {
        for (const host of hosts) await host.close();
        throw error;
      }
      writeStderr('plugboard', `${text} is not at hand: ${error.message.split('; stderr')[0]}`);
    }
  }
  if (hosts.length === 0) throw new CliError('FILE', 'no host is at hand; name one with --host');
  return hosts;
}

/** The expectations of a host among the cases, of any version. */
async function expectationsOf(folder: string, { name }: Host) {
  const place = join(folder, 'expectations');
  const file = readdirSync(place).find(of => of.startsWith(`${name}-`));
  if (file === undefined) return NOTHING_KNOWN;
  const path = join(place, file);
  return readExpectations(new TextDecoder().decode(await readInputFile(path)), path);
}

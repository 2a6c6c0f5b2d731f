import { type CallError, createPlugin } from '../../src/node.ts';
import { comparison } from '../comparison/index.ts';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { type NativeRun, runNative, type Scenario, Unavailable } from './native.ts';
import { POINTS, type Point } from './points.ts';
import { compareWithNative } from './random.ts';

// Compares plugboard with Extism's native runtime, point by point: `npm run test:native`. Cases: `npm run test:conformance`.

/** The first words of native for an end that the engine reports. */
const BACKTRACE = 'error while executing at wasm backtrace';
const ROWS = new Set(comparison.flatMap(({ rows }) => rows.map(({ id }) => id)));

let passed = 0;
let failed = 0;
/** Prints a line, and each reason why it failed. */
function report(line: string, problems: readonly string[]): void {
  if (problems.length === 0) passed++;
  else failed++;
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${line}`);
  for (const problem of problems) console.log(`       ${problem}`);
}

const scenarioOfPoint = ({ wasm, manifest, calls, nativeBefore = [] }: Point): Scenario => ({
  manifest: { ...manifest, wasm: [{ data: Buffer.from(wasm()).toString('base64') }] },
  wasi: true,
  logLevel: 'off',
  functions: [{ namespace: 'extism:host/user', name: 'host', params: 0, results: 0, returns: null }],
  calls: [...nativeBefore, ...calls].map(name => ({ name, input: '' })),
});

/** The results of native, as points spell them. */
function spell({ results, signal }: NativeRun): string[] {
  const spelled = results.map(result => {
    if (!('code' in result)) return JSON.stringify(result);
    const { code, error, output } = result;
    if (error !== null) return error.startsWith(BACKTRACE) ? 'trap' : `error ${JSON.stringify(error)}`;
    return code === 0 ? JSON.stringify(Buffer.from(output ?? '', 'base64').toString()) : `code ${code}`;
  });
  return signal === null ? spelled : [...spelled, `signal ${signal}`];
}

/** The results of plugboard. The message of an error is spelled where it is a text of the plugin. */
async function resultsHere({ wasm, manifest, calls, options, host = () => {} }: Point): Promise<string[]> {
  const functions = { 'extism:host/user': { host } };
  const plugin = await createPlugin({ ...manifest, wasm: [{ data: wasm() }] }, { ...options, functions });
  const results: string[] = [];
  for (const name of calls) {
    try {
      const output = await plugin.call(name);
      results.push(output ? JSON.stringify(output.text()) : 'none');
    } catch (error) {
      const { code, message } = error as CallError;
      results.push(/^[A-Z]+$/.test(message) ? `${code} ${JSON.stringify(message)}` : code);
    }
  }
  await plugin.close();
  return results;
}

async function comparePoint(point: Point, run: NativeRun): Promise<void> {
  const native = spell(run)
    .slice(point.nativeBefore?.length ?? 0)
    .join(', ');
  const here = (await resultsHere(point)).join(', ');
  const problems = [
    ...(native === point.native.join(', ') ? [] : [`native: expected ${point.native.join(', ')}`]),
    ...(here === point.here.join(', ') ? [] : [`here: expected ${point.here.join(', ')}`]),
    ...(ROWS.has(point.row) ? [] : [`there is no row abi.${point.row}`]),
  ];
  report(
    `${point.point}\n       native: ${native}\n       here:   ${here}\n       abi.${point.row}`,
    problems,
  );
}

async function main(): Promise<void> {
  let runs: NativeRun[];
  try {
    runs = runNative(POINTS.map(scenarioOfPoint));
  } catch (error) {
    if (!(error instanceof Unavailable) || process.env.CI) throw error;
    console.log(`skipped: the native runtime is not to be had: ${error.message}`);
    return;
  }
  for (const [index, point] of POINTS.entries()) await comparePoint(point, runs[index]!);
  const { calls, problems, met } = await compareWithNative();
  for (const [row, times] of met) console.log(`${String(times).padStart(7)} × abi.${row}`);
  report(`${calls} calls of random programs end on both alike, or in a known difference`, problems);
}

setTestHost(nodeHost);
await main();
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

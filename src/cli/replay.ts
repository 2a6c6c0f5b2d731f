import { existsSync, readFileSync } from 'node:fs';
import { emitTest, type ReplayReport, replay as replayRecording } from '../audit/node.ts';
import { PlugboardError } from '../errors.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { noteOutputs, readInputFile, writeOutputFile } from './files.ts';
import { writeLines } from './stdio.ts';

export const replay = defineCommand({
  name: 'replay',
  summary: 'repeat recorded calls, without network, clock, files or host functions',
  about: `Replays a recording that "call --record", "run --record" or createRecorder has written. Everything that the plugin asks of
the outside is answered from the recording. Shows whether it does the same again, and where it first does something else.`,
  positionals: [{ name: 'FILE', help: 'the recording' }],
  options: {
    wasm: { value: 'FILE', help: 'another build of the plugin, in place of that in the recording' },
    verify: {
      value: 'WHAT',
      help: 'outcome (default): outputs, errors, logs and variables; memory: also memories and\nglobals, if the recorder was told to hash them',
    },
    timeout: { value: 'MS', unit: 'milliseconds', help: 'time limit of each call (default: 10000; 0: none)' },
    'emit-test': { value: 'FILE', help: 'write a test that holds the recording, in place of an older one' },
    runner: { value: 'NAME', needs: 'emit-test', help: 'runner of that test: node (default) or vitest' },
    json: { help: 'print the report as JSON' },
  },
  examples: [
    'plugboard replay failure.pbrec',
    'plugboard replay failure.pbrec --wasm fixed.wasm',
    'plugboard replay failure.pbrec --emit-test failure.test.mjs',
  ],
  run: async ([path = ''], values) => {
    const { wasm, verify = 'outcome', timeout, runner = 'node', json, 'emit-test': test } = values;
    if (verify !== 'outcome' && verify !== 'memory')
      throw new CliError('USAGE', `--verify: expected one of outcome, memory, got ${JSON.stringify(verify)}`);
    if (runner !== 'node' && runner !== 'vitest')
      throw new CliError('USAGE', `--runner: expected one of node, vitest, got ${JSON.stringify(runner)}`);
    const recording = await readInputFile(path);
    const bytes = wasm === undefined ? undefined : await readInputFile(wasm);
    noteOutputs([{ name: '--emit-test', path: test }]);
    const timeoutMs = timeout === 0 ? null : timeout;
    const report = await replayRecording(recording, { wasm: bytes, verify, timeoutMs }).catch(
      (cause: PlugboardError) => {
        if (cause.code !== 'INVALID_RECORDING') throw cause;
        throw new PlugboardError(cause.code, `${path}: ${cause.message}`, { cause });
      },
    );
    if (test !== undefined) {
      if (existsSync(test) && !readFileSync(test, 'utf8').startsWith(FIRST_LINE))
        throw new CliError(
          'FILE',
          `${test}: expected a test that this command wrote, got another file; it is left as it is`,
        );
      await writeOutputFile('--emit-test', test, emitTest(recording, { runner }));
    }
    await writeLines(json ? toJson(report) : toText(report));
    return report.isSame ? 0 : 1;
  },
});

const FIRST_LINE = '// Written by `plugboard replay --emit-test`';

const toJson = (report: ReplayReport): string[] => {
  const text = (_: string, value: unknown) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
  return JSON.stringify(report, text, 2).split('\n');
};

const nameOf = (name: string | null): string => name ?? 'start of an instance';

function toText({
  calls,
  recorded,
  divergence,
  differences,
  hidden,
  untellable,
  isSame,
}: ReplayReport): string[] {
  return [
    ...calls.map((call, index) => {
      const outcome = call.error
        ? `${call.error.code}: ${call.error.message}`
        : call.output
          ? `${call.output.length} bytes`
          : 'no output';
      return `${index + 1} ${nameOf(call.export)}: ${outcome}`;
    }),
    ...differences.flatMap(({ call, export: name, part, recorded: before, now }) => [
      `call ${call}, ${nameOf(name)}: ${part} differ`,
      `  recorded ${before}`,
      `  now      ${now}`,
    ]),
    ...(divergence
      ? [
          `call ${divergence.call}, ${nameOf(divergence.export)}: stopped at answer ${divergence.entry}` +
            `${divergence.import ? `, in ${divergence.import}` : ''}${divergence.row ? ` (docs/${divergence.row})` : ''}`,
          `  recorded ${divergence.recorded}`,
          `  now      ${divergence.now}`,
        ]
      : []),
    ...(hidden > 0 ? [`not compared: ${hidden} values in which secrets are masked`] : []),
    ...untellable.map(({ code, message }) => `not replayed: ${code}: ${message}`),
    isSame ? `the same: ${recorded} of ${recorded} calls` : 'not the same',
  ];
}

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseYaml } from '../../src/types/yaml.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { readJson, readText } from '../helpers/host.ts';
import { checkSchema, type Schema } from '../helpers/json-schema.ts';
import { suite } from '../helpers/suite.ts';
import { commandPath, inFolder, plugboard } from './spawn.ts';

const ACTION = '.github/actions/plugboard/action.yml';

interface Step {
  name: string;
  if?: string;
  shell?: string;
  env?: Record<string, string>;
  run?: string;
  uses?: string;
  with?: Record<string, string>;
}
interface Action {
  inputs: Record<string, { default?: string; required?: boolean }>;
  runs: { using: string; steps: Step[] };
}
type Inputs = Record<string, string>;

const readAction = () => parseYaml(readText(ACTION), ACTION) as unknown as Action;

/** Puts the inputs into a text. @throws for any other expression of GitHub */
const expand = (text: string, inputs: Inputs): string =>
  text.replace(/\$\{\{(.*?)\}\}/g, (_, expression: string) => {
    const name = /^ inputs\.(\w+) $/.exec(expression)?.[1];
    if (name === undefined || inputs[name] === undefined)
      throw new Error(`\${{ ${expression} }} is not an input`);
    return inputs[name];
  });
const expandAll = (texts: Record<string, string> = {}, inputs: Inputs) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, expand(text, inputs)]));

function holds(condition: string, inputs: Inputs): boolean {
  const [, name = '', value] = /^inputs\.(\w+) == '(\w+)'$/.exec(condition) ?? [];
  if (inputs[name] === undefined) throw new Error(`${condition} is a condition of another form`);
  return inputs[name] === value;
}

function hasBash(): boolean {
  try {
    return spawnSync('bash', ['-c', 'true']).status === 0;
  } catch {
    return false;
  }
}
/** The command of the runtime that runs a program with all permissions. */
const PROGRAM = 'Deno' in globalThis ? [process.execPath, 'run', '-A', '--no-lock'] : [process.execPath];
/** Each has a memory without a maximum, which is a finding. */
const FIRST = buildModule({ memoryPages: 1, functions: [{ name: 'run', body: [] }] });
const SECOND = buildModule({
  imports: [{ module: 'host`\n## x', name: 'pay' }],
  memoryPages: 1,
  functions: [{ name: 'run', body: [] }],
});

suite(
  'the action for pipelines',
  test => {
    /** Runs the steps as GitHub does, with the options of its bash. A step of another action is only named. */
    const run = (folder: string, given: Inputs = {}) => {
      const shim = join(folder, 'bin/plugboard');
      mkdirSync(dirname(shim), { recursive: true });
      writeFileSync(shim, `#!/bin/sh\nexec ${PROGRAM.join(' ')} "${commandPath()}" "$@"\n`, { mode: 0o755 });
      const { inputs, runs } = readAction();
      const values = {
        ...Object.fromEntries(Object.entries(inputs).map(([name, { default: text = '' }]) => [name, text])),
        ...{ command: shim, files: 'a.wasm b.wasm', ...given },
      };
      const [summary, script] = [join(folder, 'summary.md'), join(folder, 'step.sh')];
      writeFileSync(summary, '');
      const steps: string[] = [];
      let stdout = '';
      for (const step of runs.steps.filter(step => step.if === undefined || holds(step.if, values))) {
        steps.push([step.name, ...Object.values(expandAll(step.with, values))].join(' '));
        if (step.run === undefined) continue;
        writeFileSync(script, expand(step.run, values));
        const result = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
          cwd: folder,
          encoding: 'utf8',
          env: {
            PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
            ...expandAll(step.env, values),
            GITHUB_STEP_SUMMARY: summary,
          },
        });
        stdout += result.stdout + result.stderr;
        if (result.status !== 0)
          return { steps, stdout, failed: step.name, summary: readFileSync(summary, 'utf8') };
      }
      return { steps, stdout, failed: null, summary: readFileSync(summary, 'utf8') };
    };
    const inProject = (body: (folder: string) => Promise<void>) => () =>
      inFolder(async folder => {
        for (const name of ['a.wasm', 'b.wasm']) writeFileSync(join(folder, name), FIRST);
        await plugboard(folder, ['lock', 'a.wasm', 'b.wasm', '--reason', 'r']);
        await body(folder);
      });

    test('it is a composite action of bash scripts, and pins the action that it uses', () => {
      const { inputs, runs } = readAction();
      is(runs.using, 'composite');
      ok(runs.steps.every(({ run, shell, uses }) => (run === undefined ? uses : shell === 'bash')));
      equal(
        Object.keys(inputs).filter(name => inputs[name]!.required),
        ['files'],
      );
      match(readText(ACTION), /uses: github\/codeql-action\/upload-sarif@[0-9a-f]{40} #/);
    });

    test(
      'approved builds pass, the findings of all files are one run of SARIF, and the summary says so',
      inProject(async folder => {
        const { steps, stdout, failed, summary } = run(folder);
        equal([failed, stdout], [null, 'a.wasm: approved\nb.wasm: approved\n']);
        equal(steps, ['Findings', 'Upload plugboard.sarif plugboard', 'Approval']);
        is(summary, '## Plugins: approved\n\n    a.wasm: approved\n    b.wasm: approved\n');
        const log = JSON.parse(readFileSync(join(folder, 'plugboard.sarif'), 'utf8'));
        const schema = readJson('test/audit/sarif-2.1.0.schema.json') as Schema;
        equal(checkSchema(log, schema, 'sarif'), []);
        equal([log.runs.length, log.runs[0].tool.driver.name], [1, 'plugboard']);
        const uris = log.runs[0].results.map(
          (result: { locations: [{ physicalLocation: { artifactLocation: { uri: string } } }] }) =>
            result.locations[0].physicalLocation.artifactLocation.uri,
        );
        equal(uris, ['a.wasm', 'b.wasm']);
      }),
    );

    test(
      'without the upload the findings are only written',
      inProject(async folder => {
        equal(run(folder, { upload: 'false', sarif: 'x.sarif' }).steps, ['Findings', 'Approval']);
        ok(readFileSync(join(folder, 'x.sarif'), 'utf8').startsWith('{'));
      }),
    );

    test(
      'another build fails, and the summary has the command that approves it',
      inProject(async folder => {
        writeFileSync(join(folder, 'b.wasm'), SECOND);
        const { failed, summary } = run(folder);
        is(failed, 'Approval');
        match(summary, /^## Plugins: not approved\n/);
        match(summary, / {4} {2}plugboard lock b\.wasm --reason /);
        ok(
          summary
            .split('\n')
            .slice(2)
            .every(line => line === '' || line.startsWith('    ')),
          summary,
        );
      }),
    );

    test(
      'a file that is not there fails the first step',
      inProject(async folder => {
        const { failed, stdout } = run(folder, { files: 'a.wasm lost.wasm' });
        is(failed, 'Findings');
        match(stdout, /FILE: lost\.wasm/);
      }),
    );
  },
  hasBash() ? null : 'this runtime starts no bash',
);

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host, readText } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, plugboard } from './spawn.ts';

const ACTION = '.github/actions/plugboard/action.yml';

/** The scripts of the action, by the names of their steps. */
function scripts(): Map<string, string> {
  const steps = readText(ACTION)
    .split(/\n {4}- name: /)
    .slice(1);
  return new Map(
    steps.flatMap(step => {
      const [name = ''] = step.split('\n');
      const [, script] = / {6}run: \|\n([\s\S]*)/.exec(step) ?? [];
      return script === undefined ? [] : [[name, script.replace(/^ {8}/gm, '')] as const];
    }),
  );
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
const FIRST = buildModule({ functions: [{ name: 'run', body: [] }] });
const SECOND = buildModule({
  imports: [{ module: 'host`\n## x', name: 'pay' }],
  functions: [{ name: 'run', body: [] }],
});

suite(
  'the action for pipelines',
  test => {
    const run = (folder: string, name: string) => {
      const shim = join(folder, 'bin/plugboard');
      mkdirSync(dirname(shim), { recursive: true });
      writeFileSync(
        shim,
        `#!/bin/sh\nexec ${PROGRAM.join(' ')} "${host().path('dist/src/cli/main.js')}" "$@"\n`,
        {
          mode: 0o755,
        },
      );
      const result = spawnSync('bash', ['-c', scripts().get(name)!], {
        cwd: folder,
        encoding: 'utf8',
        env: {
          PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
          PLUGBOARD: shim,
          FILES: 'a.wasm b.wasm',
          SARIF: 'out.sarif',
          GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
        },
      });
      return { code: result.status, stdout: result.stdout, stderr: result.stderr };
    };
    const inProject = (body: (folder: string) => Promise<void>) => () =>
      inFolder(async folder => {
        for (const name of ['a.wasm', 'b.wasm']) writeFileSync(join(folder, name), FIRST);
        await plugboard(folder, ['lock', 'a.wasm', 'b.wasm', '--reason', 'r']);
        await body(folder);
      });

    test('it has a script for findings and one for the approval, and pins the action that it uses', () => {
      equal([...scripts().keys()], ['Findings', 'Approval']);
      match(readText(ACTION), /uses: github\/codeql-action\/upload-sarif@[0-9a-f]{40} #/);
    });

    test(
      'the findings of all files are one run of SARIF, with a path for each',
      inProject(async folder => {
        writeFileSync(join(folder, 'b.wasm'), SECOND);
        const { code, stderr } = run(folder, 'Findings');
        is(code, 0, stderr);
        const { version, runs } = JSON.parse(readFileSync(join(folder, 'out.sarif'), 'utf8'));
        equal([version, runs.length, runs[0].tool.driver.name], ['2.1.0', 1, 'plugboard']);
        const uris = runs[0].results.map(
          (result: { locations: [{ physicalLocation: { artifactLocation: { uri: string } } }] }) =>
            result.locations[0].physicalLocation.artifactLocation.uri,
        );
        ok(uris.every((uri: string) => /^[ab]\.wasm$/.test(uri)));
      }),
    );

    test(
      'approved builds pass, and the summary says so',
      inProject(async folder => {
        const { code, stdout } = run(folder, 'Approval');
        equal([code, stdout], [0, 'a.wasm: approved\nb.wasm: approved\n']);
        is(
          readFileSync(join(folder, 'summary.md'), 'utf8'),
          '## Plugins: approved\n\n    a.wasm: approved\n    b.wasm: approved\n',
        );
      }),
    );

    test(
      'another build fails, and the summary has the command that approves it',
      inProject(async folder => {
        writeFileSync(join(folder, 'b.wasm'), SECOND);
        const { code } = run(folder, 'Approval');
        is(code, 1);
        const summary = readFileSync(join(folder, 'summary.md'), 'utf8');
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
  },
  hasBash() ? null : 'this runtime starts no bash',
);

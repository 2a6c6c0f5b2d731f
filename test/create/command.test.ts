import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inFolder, plugboard } from '../cli/spawn.ts';
import { equal, is, match } from '../helpers/assert.ts';
import { host, readText } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const create = (folder: string, args: readonly string[], env: Record<string, string> = {}) =>
  plugboard(folder, args, { program: host().path('dist/create-plugboard/package/main.js'), env });
const PLUGIN = ['--kind', 'plugin', '--language', 'assemblyscript'];

const wrongUse: { args: string[]; stderr: RegExp }[] = [
  { args: [], stderr: /USAGE: FOLDER, --kind, --language are missing, .*see npm create plugboard -- --help/ },
  {
    args: ['x', '--langage', 'go'],
    stderr:
      /USAGE: unknown option --langage \(did you mean --language\?\); see npm create plugboard -- --help/,
  },
  { args: ['x', 'y'], stderr: /USAGE: unexpected argument "y"/ },
  { args: ['x', '--kind'], stderr: /USAGE: --kind needs a value \(KIND\)/ },
  { args: ['x', ...PLUGIN, '--kind', 'actor'], stderr: /USAGE: --kind is given twice/ },
  { args: ['', ...PLUGIN], stderr: /USAGE: FOLDER: expected a path, got an empty text/ },
  {
    args: ['x', ...PLUGIN, '--plugboard', 'lost.tgz'],
    stderr: /FILE: --plugboard lost\.tgz: there is no such file or folder/,
  },
  {
    args: ['X', ...PLUGIN],
    stderr: /USAGE: FOLDER: expected a name .*--name gives the package another name/,
  },
];

suite('npm create plugboard', test => {
  for (const { args, stderr } of wrongUse) {
    test(`wrong use ends with 2 and writes nothing: ${args.join(' ') || 'no arguments'}`, () =>
      inFolder(async folder => {
        const finished = await create(folder, args);
        is(finished.code, 2, finished.stderr);
        match(finished.stderr, stderr);
        equal(readdirSync(folder), []);
      }));
  }

  test('without a prompt, a project is made by flags, and the next commands are told', () =>
    inFolder(async folder => {
      writeFileSync(join(folder, 'p.tgz'), '');
      const { code, stdout, stderr } = await create(folder, ['a/x', ...PLUGIN, '--plugboard', 'p.tgz']);
      is(code, 0, stderr);
      match(
        stdout,
        /^Created x in a\/x: \d+ files of a plugin in AssemblyScript\.\n\nNext:\n {2}cd a\/x\n {2}npm install\n {2}npm test /,
      );
      const { devDependencies } = JSON.parse(readFileSync(join(folder, 'a/x/package.json'), 'utf8'));
      is(devDependencies.plugboard, `file:${join(folder, 'p.tgz')}`);
    }));

  const quoted: [folder: string, step: string][] = [
    ["it's&$HOME", "cd 'it'\\''s&$HOME'"],
    ['a b', "cd 'a b'"],
    ['red\u001b[31m', "cd 'red\\u001b[31m'"],
  ];
  for (const [name, step] of quoted)
    test(`the next step is quoted, and no escape sequence is printed: ${JSON.stringify(name)}`, () =>
      inFolder(async folder => {
        const { stdout, stderr } = await create(folder, [name, ...PLUGIN, '--name', 'x']);
        is(stdout.split('\n')[3]?.trim(), step, stderr);
        is(stdout.includes('\u001b'), false);
      }));

  test('the current folder becomes the project, and takes a name', () =>
    inFolder(async folder => {
      const { code, stdout, stderr } = await create(folder, ['.', ...PLUGIN, '--name', 'x']);
      is(code, 0, stderr);
      match(stdout, /^Created x in \.: .*\n\nNext:\n {2}npm install\n/);
      const { name, devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const { version } = JSON.parse(readText('package.json'));
      equal([name, devDependencies.plugboard], ['x', `^${version}`]);
    }));

  test('a second run leaves the project as it is', () =>
    inFolder(async folder => {
      await create(folder, ['x', ...PLUGIN]);
      writeFileSync(join(folder, 'x/README.md'), 'mine');
      const { code, stderr } = await create(folder, ['x', ...PLUGIN]);
      is(code, 2);
      match(stderr, /FILE: x: expected an empty or new folder, got one with /);
      is(readFileSync(join(folder, 'x/README.md'), 'utf8'), 'mine');
    }));

  const lacking: { language: string; commands: RegExp[] }[] = [
    { language: 'rust', commands: [/sh\.rustup\.rs|Rustup/, /rustup target add wasm32-unknown-unknown/] },
    { language: 'go', commands: [/go\.dev|brew install go|GoLang/] },
    { language: 'tinygo', commands: [/go\.dev|brew install go|GoLang/, /tinygo/] },
  ];
  for (const { language, commands } of lacking) {
    test(`each missing tool of ${language} is named with the command that installs it, when created and when built`, () =>
      inFolder(async folder => {
        // The folder of the path has no programs.
        const env = { PATH: folder };
        const { stdout } = await create(folder, ['x', '--kind', 'plugin', '--language', language], env);
        for (const command of commands) match(stdout, command);
        const build = await plugboard(join(folder, 'x'), [], {
          program: join(folder, 'x/scripts/build.mjs'),
          env,
        });
        is(build.code, 1, build.stdout);
        for (const command of commands) match(build.stderr, command);
        is(build.stderr.split('\n').length, commands.length + 1, build.stderr);
      }));
  }

  test('the package has the licence, the templates and the SDKs, and nothing that was built', () => {
    const root = host().path('dist/create-plugboard/package');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    for (const file of ['LICENSE', 'README.md', 'main.js', 'package.json'])
      is(existsSync(join(root, file)), true, file);
    equal(
      files.filter(file => /(^|\/)(target|node_modules|build)(\/|$)|\.map$/.test(file)),
      [],
    );
    is(
      files.some(file => file === 'templates/all/scripts/tools.mjs'),
      true,
    );
  });

  test('--help shows every option, and --version the version', async () => {
    const help = await create('.', ['--help']);
    is(help.code, 0);
    for (const name of ['kind', 'language', 'name', 'plugboard'])
      match(help.stdout, new RegExp(`--${name} `));
    match(help.stdout, /Usage: npm create plugboard \[FOLDER\] -- \[OPTIONS\]/);
    const { version } = JSON.parse(readText('create-plugboard/package.json'));
    is((await create('.', ['--version'])).stdout, `${version}\n`);
  });
});

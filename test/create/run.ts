import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KINDS, LANGUAGE_NAMES } from '../../create-plugboard/src/languages.ts';
import { Unavailable } from '../native/native.ts';
import { Checks, expect, run, runNpm } from '../package/checks.ts';
import { LANGUAGE_TOOLCHAINS } from '../package/toolchains.ts';
import { checkUnbuilt, Project, type Times } from './project.ts';

// In an empty folder, from packed tarballs, for each template: create, install, build, test, start, change, see the reload,
// and call under native Extism. `npm run test:create`; words choose templates: `npm run test:create -- rust actor`.

/** Languages that take seconds: each kind gets one of them. The compilation of Rust's packages takes minutes. */
const QUICK: readonly string[] = ['go', 'assemblyscript'];

const root = fileURLToPath(new URL('../../../', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'plugboard-create-'));
const checks = new Checks();

const [words, isQuick] = [
  process.argv.slice(2).filter(word => !word.startsWith('--')),
  process.argv.includes('--quick'),
];
/** Which of the languages the first kind gets. The second kind gets the other one. */
const seed = Number(/^--seed=(\d+)$/.exec(process.argv.at(-1) ?? '')?.[1] ?? Date.now() % QUICK.length);
const isTaken = (kind: (typeof KINDS)[number], language: string) =>
  language === 'tinygo' || QUICK[(KINDS.indexOf(kind) + seed) % QUICK.length] === language;
const templates = KINDS.flatMap(kind => LANGUAGE_NAMES.map(language => ({ kind, language }))).filter(
  ({ kind, language }) =>
    (!isQuick || isTaken(kind, language)) && words.every(word => word === kind || word === language),
);

function pack(folder: string): string {
  const [{ filename }] = JSON.parse(runNpm(folder, 'pack', '--json', '--pack-destination', temporary)) as [
    { filename: string },
  ];
  return join(temporary, filename);
}

if (isQuick) console.log(`--seed=${seed}`);
const seconds = (ms: number | undefined) => (ms === undefined ? '' : `${(ms / 1000).toFixed(1)} s`);

try {
  const library = pack(root);
  const creator = pack(join(root, 'dist/create-plugboard/package'));
  const tools = join(temporary, 'creator');
  mkdirSync(tools);
  runNpm(tools, 'install', '--prefix', tools, '--offline', creator);
  const rows: [string, Times][] = [];
  for (const { kind, language } of templates) {
    const name = `my-${kind}-${language}`;
    const toolchain = LANGUAGE_TOOLCHAINS[language]();
    const env = typeof toolchain === 'string' ? {} : toolchain;
    const project = new Project(join(temporary, name), kind, language, env);
    const check = async (what: string, body: () => unknown) => {
      let problem: unknown;
      try {
        await body();
      } catch (error) {
        problem = error;
      }
      checks.check(`${kind} in ${language}: ${what}`, () => {
        if (problem instanceof Unavailable && !process.env.CI) console.log(`left out: ${problem.message}`);
        else if (problem !== undefined) throw problem;
      });
    };
    await check('is created', () =>
      project.time('create', () => {
        const bin = join(tools, 'node_modules/create-plugboard', 'main.js');
        const args = ['--kind', kind, '--language', language, '--plugboard', library];
        const told = run(temporary, process.execPath, bin, name, ...args);
        expect(told.startsWith(`Created ${name} in ${basename(project.folder)}: `), told);
      }),
    );
    if (typeof toolchain === 'string') {
      console.log(`${kind} in ${language} is not built: ${toolchain}`);
      await check('is right as far as Go can tell', () => checkUnbuilt(project));
      continue;
    }
    await check('is installed', () =>
      project.time('install', () => project.npm('install', '--no-audit', '--no-fund')),
    );
    // The tests build it too.
    if (!isQuick) await check('is built', () => project.time('build', () => project.npm('run', 'build')));
    await check('passes its tests', () => project.time('test', () => project.npm('test')));
    await check('is formatted', () => project.checkFormat());
    await check('prints its result', () => project.time('start', () => project.checkStart()));
    if (!isQuick) await check('gives the same under native Extism', () => project.checkNative());
    await check('is built, reloaded and called when a source changes', () => project.checkDev());
    rows.push([name, project.times]);
    console.log(`${kind} in ${language}: done`);
  }
  const names = ['create', 'install', 'build', 'test', 'start', 'reload'] as const;
  console.log(`\n|template|${names.join('|')}|module|\n|${'---|'.repeat(names.length + 2)}`);
  for (const [name, { bytes, ...times }] of rows)
    console.log(`|${name}|${names.map(key => seconds(times[key])).join('|')}|${bytes} bytes|`);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
console.log(`\n${checks.passed} passed, ${checks.failed} failed`);
process.exitCode = checks.failed > 0 || checks.passed === 0 ? 1 : 0;

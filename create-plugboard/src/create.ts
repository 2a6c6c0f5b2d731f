import { existsSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { columns } from '../../src/cli/columns.ts';
import { defineCommand } from '../../src/cli/command.ts';
import { CliError } from '../../src/cli/errors.ts';
import { shellWord } from '../../src/cli/shell.ts';
import { writeLines } from '../../src/cli/stdio.ts';
import { type Kind, LANGUAGE_NAMES, LANGUAGES, type LanguageName } from './languages.ts';
import { problemOfName } from './names.ts';
import { type Choice, planProject, type Sources } from './project.ts';
import { type Ask, choose, type Question, readOption, withTerminal } from './questions.ts';
import { refuseFullFolder, writeProject } from './write.ts';

const KIND: Question<Kind> = {
  option: 'kind',
  title: 'Kind',
  names: {
    plugin: 'exports functions, which programs call through plugboard or any Extism host',
    actor: 'a Reflow actor: takes messages from its inports, sends packets, and keeps a state',
  },
};

const LANGUAGE: Question<LanguageName> = {
  option: 'language',
  title: 'Language',
  names: Object.fromEntries(LANGUAGE_NAMES.map(name => [name, LANGUAGES[name].hint])) as Record<
    LanguageName,
    string
  >,
};

const HELP = 'npm create plugboard -- --help';

/** Makes the command of a package, whose folders and version are given. */
export const createCommand = (sources: Sources, version: string) =>
  defineCommand({
    name: 'create-plugboard',
    usage: 'npm create plugboard [FOLDER] -- [OPTIONS]',
    helpLine: HELP,
    summary: 'begin a plugin or an actor',
    about: `Begins a plugin in a new folder: sources in your language, tests, and npm scripts that build, test and run it.
Asks for everything that is not given, if there is a terminal. Nothing is installed or built, and a folder with
files in it is refused. "npm run dev" in the new folder builds, reloads and calls the plugin on each change.`,
    positionals: [
      {
        name: 'FOLDER',
        help: 'folder of the project, new or empty; its last part is the name',
        optional: true,
      },
    ],
    options: {
      kind: {
        short: 'k',
        value: 'KIND',
        help: `${KIND.title.toLowerCase()} of the project:\n${columns(Object.entries(KIND.names))}`,
      },
      language: { short: 'l', value: 'LANGUAGE', help: `one of ${LANGUAGE_NAMES.join(', ')}` },
      name: { value: 'NAME', help: 'name of the package, if the folder has another' },
      plugboard: {
        value: 'FILE',
        help: 'for developers of plugboard: take the library from this tarball or folder,\nnot from the registry',
      },
    },
    examples: [
      'npm create plugboard',
      'npm create plugboard my-actor -- --kind actor --language rust',
      'npm create plugboard . -- --kind plugin --language assemblyscript --name vowels',
    ],
    run: ([folder], values) =>
      withTerminal(async ask => {
        const choice = await readChoice({ ...values, folder }, ask, version);
        const files = planProject(choice, sources);
        writeProject(choice.folder, files);
        await writeLines(await describe(choice, files.size));
        return 0;
      }),
  });

interface Given {
  folder: string | undefined;
  kind: string | undefined;
  language: string | undefined;
  name: string | undefined;
  plugboard: string | undefined;
}

/** Asks for all that is not given. A wrong option is told before the first question. @throws {CliError} */
export async function readChoice(
  given: Given,
  terminal: Ask | undefined,
  version: string,
): Promise<Choice & { folder: string }> {
  const ask = terminal ?? (() => refuseToAsk(given));
  const [kindGiven, languageGiven] = [readOption(KIND, given.kind), readOption(LANGUAGE, given.language)];
  if (given.folder !== undefined) checkPlace(given.folder, given.name);
  else if (given.name !== undefined) checkName('--name', given.name);
  if (given.plugboard !== undefined && !existsSync(given.plugboard))
    throw new CliError('FILE', `--plugboard ${given.plugboard}: there is no such file or folder`);
  const kind = kindGiven ?? (await choose(KIND, ask));
  const language = languageGiven ?? (await choose(LANGUAGE, ask));
  const folder = given.folder ?? (await askFolder(`my-${kind}`, given.name, ask));
  const name = given.name ?? basename(resolve(folder));
  const plugboard = given.plugboard === undefined ? `^${version}` : `file:${resolve(given.plugboard)}`;
  return { folder, name, kind, language, plugboard };
}

/** Stands in for a terminal. @throws {CliError} */
function refuseToAsk({ folder, kind, language }: Given): never {
  const needed = { FOLDER: folder, '--kind': kind, '--language': language };
  const missing = Object.entries(needed).flatMap(([name, value]) => (value === undefined ? name : []));
  const one = missing.length === 1;
  throw new CliError(
    'USAGE',
    `${missing.join(', ')} ${one ? 'is' : 'are'} missing, and there is no terminal to ask for ${one ? 'it' : 'them'}. npm passes on the options after -- only; see ${HELP}`,
  );
}

/** @throws {CliError} USAGE for a name that a package cannot have */
function checkName(place: string, name: string, advice = ''): void {
  const problem = problemOfName(name);
  if (problem !== undefined) throw new CliError('USAGE', `${place}: ${problem}${advice}`);
}

/** @throws {CliError} USAGE, or FILE for a folder that is not empty */
function checkPlace(folder: string, name: string | undefined): void {
  if (folder === '') throw new CliError('USAGE', 'FOLDER: expected a path, got an empty text');
  if (name !== undefined) checkName('--name', name);
  else checkName('FOLDER', basename(resolve(folder)), '; --name gives the package another name');
  refuseFullFolder(folder);
}

/** Asks until there is a folder that can be used. */
async function askFolder(usual: string, name: string | undefined, ask: Ask): Promise<string> {
  let problem = '';
  while (true) {
    const folder = (await ask(`${problem}Folder (${usual}): `)) || usual;
    try {
      checkPlace(folder, name);
      return folder;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      problem = `${error.message}\n`;
    }
  }
}

interface Missing {
  name: string;
  install: string;
}

/** The next commands, with those that install missing tools. */
async function describe(
  { folder, name, kind, language }: Choice & { folder: string },
  files: number,
): Promise<string[]> {
  const tools = pathToFileURL(join(resolve(folder), 'scripts/tools.mjs')).href;
  const { findMissing } = (await import(tools)) as { findMissing: () => readonly Missing[] };
  const path = relative('.', folder);
  const steps = [
    ...findMissing()
      .filter(({ install }) => install !== 'npm install')
      .map(tool => [tool.install, `${tool.name} is missing here`]),
    ['npm install', ''],
    ['npm test', `builds it, then runs the tests in ${LANGUAGES[language].title} and those with plugboard`],
    ['npm run dev', 'builds, reloads and calls it on each change'],
  ] as [string, string][];
  const created = `Created ${name} in ${path || '.'}: ${files} files of ${kind === 'actor' ? 'an' : 'a'} ${kind} in ${LANGUAGES[language].title}.`;
  return [
    ...[created, '', 'Next:', ...(path === '' ? [] : [`  cd ${shellWord(path)}`])],
    ...columns(steps).replace(/ +$/gm, '').split('\n'),
  ];
}

/** The folder of the package, in which main.js lies. */
export const sourcesOf = (main: string): Sources => ({
  templates: fileURLToPath(new URL('templates', main)),
  sdk: fileURLToPath(new URL('sdk', main)),
});

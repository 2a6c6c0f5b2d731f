import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readChoice } from '../../create-plugboard/src/create.ts';
import { inFolder } from '../cli/spawn.ts';
import { equal, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const NOTHING = {
  folder: undefined,
  kind: undefined,
  language: undefined,
  name: undefined,
  plugboard: undefined,
};
type Given = Partial<Record<keyof typeof NOTHING, string>>;

/** Answers in their order, and records the questions. */
function script(answers: readonly string[]) {
  const asked: string[] = [];
  const left = [...answers];
  const ask = async (question: string) => {
    asked.push(question);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`no answer to ${question}`);
    return answer;
  };
  return { asked, left, ask };
}

/** The folder `new` is in a folder of the test. */
const read = (given: Given, ask: ((question: string) => Promise<string>) | undefined, folder: string) =>
  readChoice({ ...NOTHING, ...given, folder: given.folder && join(folder, given.folder) }, ask, '1.2.3');

const answered: { name: string; given: Given; answers: string[]; asked: RegExp[]; choice: object }[] = [
  {
    name: 'everything that is not given is asked for',
    given: { folder: 'new' },
    answers: ['actor', 'rust'],
    asked: [/^Kind:\n {2}1 plugin .*\n {2}2 actor/, /^Language:\n {2}1 rust .*\n {2}2 go/],
    choice: { name: 'new', kind: 'actor', language: 'rust', plugboard: '^1.2.3' },
  },
  {
    name: 'a number is an answer',
    given: { folder: 'new' },
    answers: ['1', '4'],
    asked: [/^Kind/, /^Language/],
    choice: { name: 'new', kind: 'plugin', language: 'assemblyscript', plugboard: '^1.2.3' },
  },
  {
    name: 'a wrong answer is asked again',
    given: { folder: 'new', language: 'Go' },
    answers: ['', '3', 'actr', '__proto__', 'Actor'],
    asked: [
      /^Kind/,
      /^expected plugin, actor, got "": $/,
      /got "3": $/,
      /got "actr" \(did you mean actor\?\): $/,
      /got "__proto__": $/,
    ],
    choice: { name: 'new', kind: 'actor', language: 'go', plugboard: '^1.2.3' },
  },
  {
    name: 'the folder is asked for last, until one can be used',
    given: { kind: 'actor', language: 'go' },
    answers: ['My Actor', '.', 'no-such-folder'],
    asked: [
      /^Folder \(my-actor\): $/,
      /did you mean "my-actor"\?.*\nFolder \(my-actor\): $/,
      /got one with .*\nFolder \(my-actor\): $/,
    ],
    choice: { name: 'no-such-folder', kind: 'actor', language: 'go', plugboard: '^1.2.3' },
  },
  {
    name: 'nothing is asked when all is given',
    given: { folder: 'new', kind: 'plugin', language: 'tinygo', name: 'other' },
    answers: [],
    asked: [],
    choice: { name: 'other', kind: 'plugin', language: 'tinygo', plugboard: '^1.2.3' },
  },
];

const refused: { name: string; given: Given; code: string; message: string }[] = [
  {
    name: 'a missing folder, kind and language',
    given: {},
    code: 'USAGE',
    message: 'FOLDER, --kind, --language are missing, and there is no terminal to ask for them',
  },
  {
    name: 'a missing kind',
    given: { folder: 'new' },
    code: 'USAGE',
    message: '--kind, --language are missing',
  },
  {
    name: 'a missing language',
    given: { folder: 'new', kind: 'actor' },
    code: 'USAGE',
    message: '--language is missing, and there is no terminal to ask for it',
  },
  {
    name: 'an unknown kind, before anything else',
    given: { kind: 'plugins' },
    code: 'USAGE',
    message: '--kind: expected plugin, actor, got "plugins" (did you mean plugin?)',
  },
  {
    name: 'an unknown language, before anything else',
    given: { folder: 'full', language: 'tingo' },
    code: 'USAGE',
    message: 'got "tingo" (did you mean tinygo?)',
  },
  {
    name: 'a folder with files',
    given: { folder: 'full' },
    code: 'FILE',
    message: 'got one with a, b, c, …; name another',
  },
  { name: 'a file', given: { folder: 'full/a', name: 'x' }, code: 'FILE', message: 'ENOTDIR' },
  {
    name: "a folder's name that no package can have",
    given: { folder: 'New One' },
    code: 'USAGE',
    message: 'FOLDER: expected a name of at most 64 small letters',
  },
  {
    name: 'a name',
    given: { folder: 'new', name: 'x y' },
    code: 'USAGE',
    message: '--name: expected a name',
  },
];

suite('questions of npm create plugboard', test => {
  for (const { name, given, answers, asked, choice } of answered) {
    test(name, () =>
      inFolder(async folder => {
        const { ask, asked: questions, left } = script(answers);
        const { folder: _, ...read_ } = await read(given, ask, folder);
        equal(read_, choice);
        equal(left, []);
        equal(
          questions.map((question, index) => asked[index]?.test(question) || question),
          asked.map(() => true),
        );
      }),
    );
  }

  for (const { name, given, code, message } of refused) {
    test(`without a terminal, ${name} is refused`, () =>
      inFolder(async folder => {
        mkdirSync(join(folder, 'full'));
        for (const file of ['a', 'b', 'c', 'd']) writeFileSync(join(folder, 'full', file), '');
        await raises(() => read(given, undefined, folder), { code, message });
      }));
  }

  test('a folder with a .git alone counts as empty', () =>
    inFolder(async folder => {
      mkdirSync(join(folder, 'new/.git'), { recursive: true });
      await read({ folder: 'new', kind: 'actor', language: 'go' }, undefined, folder);
    }));
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildModule } from '../helpers/build-module.ts';
import { inFolder, plugboard } from './spawn.ts';

// The walk-through of docs/AUDIT.md. `npm run docs` prints it, and a test runs it again.

/** The end of that page. */
export const WALK_THROUGH = 'test/audit/approve.txt';

const ENV = 'extism:host/env';
const log = { module: ENV, name: 'log_info', params: ['i64'] } as const;
const http = { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] } as const;
const greet = { name: 'greet', body: ['i64.const 0', 'call log_info'] } as const;

/** The first build only logs. The second one can send requests too. */
const FIRST = buildModule({ imports: [log], functions: [greet] });
const SECOND = buildModule({
  imports: [log, http],
  functions: [
    { ...greet, body: [...greet.body, 'i32.const 0', 'if', 'call send_usage', 'end'] },
    { name: 'send_usage', body: ['i64.const 0', 'i64.const 0', 'call http_request', 'drop'] },
  ],
});

const FILE = 'greet.wasm';
const POLICY = 'plugboard.policy.json';

/** The words of a command as a shell splits them. */
export const wordsOf = (command: string): string[] =>
  [...command.matchAll(/'((?:[^']|'\\'')*)'|\S+/g)].map(
    ([word, quoted]) => quoted?.replaceAll("'\\''", "'") ?? word,
  );

const block = (info: string, text: string) => `\`\`\`${info}\n${text.trimEnd()}\n\`\`\``;

/** Runs the walk-through in a new folder, and returns it as Markdown. @throws where a step does not end as the page says */
export const walkThrough = (): Promise<string> =>
  inFolder(async folder => {
    const parts: string[] = [];
    const say = (...texts: string[]) => void parts.push(...texts);
    const path = (name: string) => join(folder, name);
    const run = async (command: string, expected: number) => {
      const { stdout, stderr, code } = await plugboard(folder, wordsOf(command).slice(1));
      if (code !== expected) throw new Error(`${command}: exit code ${code}, ${stderr}`);
      say(block('text', `$ ${command}\n${stdout}${stderr}`));
      return stdout;
    };

    say('A person reads the report of `plugboard inspect greet.wasm`, and approves this build:');
    writeFileSync(path(FILE), FIRST);
    await run(`plugboard lock ${FILE} --reason 'greets, and logs it' --by ann`, 0);
    say(
      'The grants stand in `plugboard.policy.json`, one in each line. Both files belong into the repository:',
    );
    say(block('json', readFileSync(path(POLICY), 'utf8')));

    say(
      'Some day the vendor sends another build. The pipeline compares it with the lock, and fails with exit code 1:',
    );
    writeFileSync(path(FILE), SECOND);
    const checked = await run(`plugboard lock --check ${FILE}`, 1);
    say(
      'A program with this policy does not run the new build, and nor does `plugboard call`. A denial names the line where the grant that would allow it belongs:',
    );
    await run(`plugboard call ${FILE} greet --policy ${POLICY}`, 1);

    say(
      'If a person wants the new power, the printed command approves the build. Here it also names the only host:',
    );
    const command = checked.trimEnd().split('\n').at(-1)!.trim();
    await run(`${command} --by ann --allow-host api.example.com`, 0);
    await run(`plugboard lock --check ${FILE}`, 0);
    say(
      'It runs now. A manifest or an option that gives more than the policy grants is an error when the plugin is created:',
    );
    await run(`plugboard call ${FILE} greet --policy ${POLICY}`, 0);
    await run(`plugboard call ${FILE} greet --policy ${POLICY} --allow-host '*'`, 1);
    return parts.join('\n\n');
  });

const [BEGIN, END] = [
  '<!-- Printed by `npm run docs`: the walk-through. -->',
  '<!-- The end of the walk-through. -->',
];

/** Returns the walk-through in the text of the file. */
export const printedIn = (page: string): string =>
  page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).trim();

/** Puts the walk-through into the text of the file. */
export const withWalkThrough = (page: string, text: string): string =>
  `${page.slice(0, page.indexOf(BEGIN))}${BEGIN}\n\n${text}\n\n${page.slice(page.indexOf(END))}`;

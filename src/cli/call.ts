import { createPlugin } from '../node.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { readInputFile } from './files.ts';
import { LOG_LEVEL_OPTION, logOptions } from './log.ts';
import { readStdin, writeStdout } from './stdio.ts';

export const call = defineCommand({
  name: 'call',
  summary: 'call a function of an Extism plugin and print what it answers',
  about: `Calls one exported function of an Extism plugin. Its output goes to stdout, followed by a line end; logs, what
the plugin prints, and errors go to stderr. Options mean what they mean to "extism call". WASI is on where a
plugin imports it; files, HTTP and the environment are not given to it.`,
  positionals: [
    { name: 'PLUGIN.wasm', help: 'file with the plugin' },
    { name: 'FUNCTION', help: 'name of the exported function' },
  ],
  options: {
    input: { short: 'i', value: 'TEXT', help: 'input of the function; without it the input is empty' },
    stdin: { help: 'read the input from stdin' },
    config: { value: 'KEY=VALUE', repeatable: true, help: 'what the plugin gets from config_get(KEY)' },
    'log-level': LOG_LEVEL_OPTION,
  },
  examples: [
    "plugboard call greet.wasm greet --input 'Ada'",
    'plugboard call words.wasm count --stdin --config language=en --log-level info < README.md',
  ],
  run: async ([path = '', name = ''], values) => {
    if (values.stdin && values.input !== undefined) {
      throw new CliError('USAGE', 'both --input and --stdin are given; keep one');
    }
    const options = { ...logOptions(values['log-level']), config: readConfig(values.config) };
    const plugin = await createPlugin({ wasm: [{ data: await readInputFile(path) }] }, options);
    try {
      const output = await plugin.call(name, values.stdin ? await readStdin() : values.input);
      await writeStdout(output?.bytes() ?? '');
      await writeStdout('\n');
      return 0;
    } finally {
      await plugin.close();
    }
  },
});

const readConfig = (texts: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    texts.map(text => {
      const end = text.indexOf('=');
      if (end < 1) throw new CliError('USAGE', `--config: expected KEY=VALUE, got ${JSON.stringify(text)}`);
      return [text.slice(0, end), text.slice(end + 1)];
    }),
  );

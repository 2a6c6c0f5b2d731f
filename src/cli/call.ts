import { HOST_FUNCTIONS, USER_NAMESPACE } from '../actor/host-functions.ts';
import { createPlugin } from '../node.ts';
import { manifestOfFlags, mergeManifests, type NamedModule, readManifest } from './call-manifest.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { readInputFile } from './files.ts';
import { LOG_LEVEL_OPTION, logOptions } from './log.ts';
import { printLine, readStdin, writeStdout } from './stdio.ts';

export const call = defineCommand({
  name: 'call',
  summary: 'call a function of an Extism plugin and print what it answers',
  about: `Calls one exported function of an Extism plugin. Its output goes to stdout, followed by a line end; logs, what
the plugin prints, and errors go to stderr. Options mean what they mean to "extism call". A plugin has WASI where it
imports it, and gets no file and no host but those allowed here or in its manifest; never the environment. A plugin
that is a Reflow actor can be asked for its metadata; "plugboard run" sends it messages.`,
  positionals: [
    { name: 'PLUGIN.wasm', help: 'file or URL of the plugin; with --manifest, the file of its manifest' },
    { name: 'FUNCTION', help: 'name of the exported function' },
  ],
  options: {
    input: {
      short: 'i',
      value: 'TEXT',
      help: 'input of the function; without it the input is empty',
      heading: 'Input and output',
    },
    stdin: { help: 'read the input from stdin, to its end' },
    loop: {
      value: 'N',
      unit: 'calls',
      help: 'call N times with the same input, and print each output (default: 1);\nvariables stay from call to call',
    },
    wasi: { grants: true, help: 'let what the plugin prints to its stdout go to stdout, before the output' },
    'log-level': LOG_LEVEL_OPTION,
    manifest: {
      short: 'm',
      help:
        'PLUGIN.wasm is a manifest of Extism, in JSON. Its paths start from the folder\n' +
        'this command runs in. Options come on top of what it says',
      heading: 'Modules',
    },
    link: {
      grants: true,
      value: '[NAME=]FILE',
      repeatable: true,
      help: 'a module (file or URL) from which others import under this name; without\nNAME, that of the file, less its extension',
    },
    config: {
      grants: true,
      value: 'KEY=VALUE',
      repeatable: true,
      help: 'what the plugin gets from config_get(KEY)',
      heading: 'What the plugin is given',
    },
    'set-config': { grants: true, value: 'JSON', help: 'the same, as an object of strings; --config wins' },
    'allow-path': {
      grants: true,
      value: 'HOST[:GUEST]',
      repeatable: true,
      help: 'a folder that the plugin may use, under the same path or GUEST;\nro:HOST:GUEST to read only',
    },
    'allow-host': {
      grants: true,
      value: 'GLOB',
      repeatable: true,
      help: 'hosts that it may reach by HTTP, such as api.example.com or *.example.com',
    },
    'enable-http-response-headers': { grants: true, help: 'let it see the headers of HTTP responses' },
    timeout: {
      grants: true,
      value: 'MS',
      unit: 'milliseconds',
      help: "how long a call may take (0: no limit but the manifest's)",
      heading: 'Limits',
    },
    'memory-max': {
      grants: true,
      value: 'PAGES',
      unit: 'pages',
      help: "memory.max_pages: pages of 64 KiB by which its memories may grow; they\nmay not start with more (0: no limit but the manifest's)",
    },
    'var-max': {
      grants: true,
      value: 'BYTES',
      unit: 'bytes',
      help: 'all variables, keys included (default: 1 MiB)',
    },
    'http-response-max': {
      grants: true,
      value: 'BYTES',
      unit: 'bytes',
      help: 'one HTTP response (default: 50 MiB)',
    },
  },
  examples: [
    "plugboard call greet.wasm greet --input 'Ada'",
    'plugboard call words.wasm count --stdin --config language=en --log-level info < README.md',
    'plugboard call app.wasm run --link math=add.wasm --memory-max 64',
    'plugboard call --manifest app.json run --set-config \'{"language": "en"}\' --loop 3',
  ],
  run: async ([plugin = '', name = ''], values) => {
    if (values.stdin && values.input !== undefined) {
      throw new CliError('USAGE', 'both --input and --stdin are given; keep one');
    }
    const options = {
      ...logOptions(values['log-level']),
      ...(values.wasi && { stdout: printLine }),
      ...(values['enable-http-response-headers'] && { allowHttpResponseHeaders: true }),
    };
    const flags = manifestOfFlags(plugin, values);
    const file = values.manifest ? readManifest(plugin, await readInputFile(plugin)) : {};
    const wasm = await Promise.all(flags.wasm.map(readModule));
    // So that an actor can be asked for its metadata. What works on a message says that there is none.
    const functions = { [USER_NAMESPACE]: HOST_FUNCTIONS };
    const running = await createPlugin(mergeManifests(file, { ...flags, wasm }), { ...options, functions });
    try {
      const input = values.stdin ? await readStdin() : values.input;
      for (let left = values.loop ?? 1; left > 0; left--) {
        const output = await running.call(name, input);
        await writeStdout(output?.bytes() ?? '');
        await writeStdout('\n');
      }
      return 0;
    } finally {
      await running.close();
    }
  },
});

/** A file of the command line is read here and not by the host, because one that is not there is wrong use. */
const readModule = async (module: NamedModule) => {
  if (!('path' in module)) return module;
  const { path, ...rest } = module;
  return { ...rest, data: await readInputFile(path) };
};

import { HOST_FUNCTIONS, USER_NAMESPACE } from '../actor/engine/host-functions.ts';
import { createPlugin } from '../create.ts';
import { nodePlatform } from '../platform/node.ts';
import type { Plugin } from '../plugin.ts';
import { withCommas } from '../units.ts';
import { ACCESS_OPTIONS, allowHeaders, readPolicy } from './access.ts';
import {
  manifestOfFlags,
  mergeManifests,
  type NamedModule,
  noteModules,
  readManifest,
} from './call-manifest.ts';
import { defineCommand } from './command.ts';
import { noteOutputs, readInputFile } from './files.ts';
import { LOG_OPTIONS, logOptions } from './log.ts';
import { startProgress } from './progress.ts';
import { openRecorder, RECORD_OPTIONS, recordingFiles } from './record.ts';
import { printLine, readStdin, writeStderr, writeStdout } from './stdio.ts';
import { STUB_OPTION, withStubs } from './stub.ts';
import { openTrace, TRACE_OPTIONS, traceFiles } from './trace.ts';

export const call = defineCommand({
  name: 'call',
  summary: 'call a function of an Extism plugin and print its output',
  about: `Calls one exported function of an Extism plugin. Its output goes to stdout, followed by a line end; logs, errors
and lines that the plugin prints go to stderr. Options have the same meaning as in "extism call". A plugin that
imports WASI gets it. It can use only the files and hosts that are allowed here or in its manifest, and never reads
the environment. For a Reflow actor, get_metadata can be called; "plugboard run" sends messages to it.`,
  positionals: [
    { name: 'PLUGIN.wasm', help: 'file or URL of the plugin; with --manifest, the file of its manifest' },
    { name: 'FUNCTION', help: 'name of the exported function' },
  ],
  options: {
    input: {
      short: 'i',
      not: ['stdin'],
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
    wasi: { grants: true, help: "print the plugin's own stdout on stdout, before the output" },
    manifest: {
      short: 'm',
      help:
        'PLUGIN.wasm is a manifest of Extism, in JSON. Its paths start from the folder\n' +
        'this command runs in. Options are added to it, or replace its values',
      heading: 'Modules',
    },
    link: {
      grants: true,
      value: '[NAME=]FILE',
      repeatable: true,
      help: 'a module (file or URL) from which others import under this name; default\nNAME: the file name without its extension',
    },
    stub: STUB_OPTION,
    config: {
      grants: true,
      value: 'KEY=VALUE',
      repeatable: true,
      help: 'value that config_get(KEY) returns to the plugin',
      heading: 'Config of the plugin',
    },
    'set-config': { grants: true, value: 'JSON', help: 'config as a JSON object of strings; --config wins' },
    ...ACCESS_OPTIONS,
    ...TRACE_OPTIONS,
    ...RECORD_OPTIONS,
    ...LOG_OPTIONS,
  },
  examples: [
    "plugboard call greet.wasm greet --input 'Ada'",
    'plugboard call words.wasm count --stdin --config language=en --log-level info < README.md',
    'plugboard call app.wasm run --link math=add.wasm --memory-max 64',
    'plugboard call shop.wasm order --stub extism:host/user.read_price=499 --stub extism:host/user.log',
    'plugboard call --manifest app.json run --set-config \'{"language": "en"}\' --loop 3',
  ],
  run: async ([plugin = '', name = ''], values) => {
    const options = {
      ...logOptions(values),
      // An actor cannot be created without these functions. If the plugin calls one, the call fails with NOT_PROCESSING.
      functions: withStubs(values.stub, { [USER_NAMESPACE]: HOST_FUNCTIONS }),
      ...(values.quiet ? {} : PRINTED),
      ...(values.wasi && { stdout: printLine }),
      ...allowHeaders(values),
      ...(await readPolicy(values)),
    };
    const flags = manifestOfFlags(plugin, values);
    const file = values.manifest ? readManifest(plugin, await readInputFile(plugin)) : {};
    const wasm = await Promise.all(flags.wasm.map(readModule));
    const manifest = mergeManifests(file, { ...flags, wasm });
    noteModules(mergeManifests(file, flags));
    noteOutputs([...traceFiles(values), ...recordingFiles(values)]);
    const progress = startProgress(values.quiet);
    const platform = progress.watch(nodePlatform);
    const traceFile = await openTrace(values);
    const recording = await openRecorder(values);
    const traced = { ...options, trace: traceFile?.trace, record: recording?.recorder };
    let running: Plugin | undefined;
    try {
      const plugin = await createPlugin(platform, manifest, traced);
      running = plugin;
      const input = values.stdin ? await readStdin() : values.input;
      const calls = values.loop ?? 1;
      let number = 1;
      const callAll = async () => {
        for (; number <= calls; number++) {
          const output = await plugin.call(name, input);
          await writeStdout(output?.bytes() ?? '');
          await writeStdout('\n');
          progress.tick();
        }
      };
      const text = (seconds: number) => `call ${withCommas(number)} of ${withCommas(calls)}, ${seconds} s`;
      await progress.during(text, callAll());
      return 0;
    } finally {
      await running?.close();
      recording?.close();
      await traceFile?.close(manifest);
    }
  },
});

/** The lines that the plugin prints. */
const PRINTED = {
  stdout: (line: string) => writeStderr('stdout', line),
  stderr: (line: string) => writeStderr('stderr', line),
};

/** Reads a file of the command line. Not left to the host: a missing file is wrong use, exit code 2. */
const readModule = async (module: NamedModule) => {
  if (!('path' in module)) return module;
  const { path, ...rest } = module;
  return { ...rest, data: await readInputFile(path) };
};

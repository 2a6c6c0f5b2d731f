import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Network, NetworkError, type Plan } from '../network/node.ts';
import { reasonOf } from '../platform/system-error.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { noteOutputs, readInputFile } from './files.ts';
import { type ComponentFile, factsOf, readComponents } from './graph-components.ts';
import { GRAPH_OPTIONS, isGraphFile } from './graph-files.ts';
import { shellWord } from './shell.ts';
import { writeLines, writeStderr } from './stdio.ts';
import { isUnchanged, type TargetFile, type TargetInput, workerdFiles } from './workerd-target.ts';

/** A target: the files for it, and the line that starts them in their folder. */
interface Target {
  files(input: TargetInput): Promise<readonly TargetFile[]>;
  readonly folders: readonly string[];
  /** Limits in the metadata of nodes that the target cannot keep, with the option to give instead. */
  readonly refused: Readonly<Record<string, string>>;
  readonly start: string;
}

const TARGETS: Readonly<Record<string, Target>> = {
  workerd: {
    files: workerdFiles,
    folders: ['objects'],
    refused: { timeout_ms: '--fuel', memory_limit_mb: '--memory-pages' },
    start: 'npx workerd serve config.capnp',
  },
};

export const build = defineCommand({
  name: 'build',
  summary: 'write a graph as a Worker with Durable Objects, which workerd runs',
  about: `Writes a folder that runs a graph in Durable Objects, without Cloudflare: the configuration of workerd, the Worker, the graph, its
modules with their limits, and the code of plugboard. workerd keeps the states in the folder objects, which a later build leaves as it is.
http://127.0.0.1:8787/NAME is an instance of the graph for each NAME; everybody who reaches the address may use it.`,
  positionals: [{ name: 'FILE', help: 'the graph, as JSON' }],
  options: {
    target: { value: 'TARGET', help: `${Object.keys(TARGETS).join(', ')}: the program that runs it` },
    out: {
      short: 'o',
      value: 'DIR',
      help: 'the folder; an earlier build in it is replaced, if worker.js and config.capnp are unchanged',
    },
    ...GRAPH_OPTIONS,
    'memory-pages': {
      value: 'PAGES',
      unit: 'pages',
      grants: true,
      heading: 'Limits of each module',
      help: 'limits.memoryPages: the most pages of its memories, tables and globals',
    },
    fuel: {
      value: 'COUNT',
      unit: 'units',
      grants: true,
      help: 'limits.fuel: the most that a call may use, about one unit for each instruction',
    },
  },
  examples: [
    'plugboard build --target workerd graph.json -o visits --component Counter=counter.wasm --fuel 10000000',
  ],
  run: async (
    [path = ''],
    { target: name, out, component, with: others, 'memory-pages': memoryPages, fuel },
  ) => {
    const target = name !== undefined && Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined;
    if (!target) {
      const got = name === undefined ? 'nothing' : JSON.stringify(name);
      throw new CliError(
        'USAGE',
        `--target: expected ${oneOf(Object.keys(TARGETS))}, got ${got}; see plugboard build --help`,
      );
    }
    if (out === undefined)
      throw new CliError(
        'USAGE',
        '--out is missing: expected the path of a folder; see plugboard build --help',
      );
    const components = await readComponents(component);
    const graphs = await Promise.all([path, ...others].map(readInputFile));
    const plan = Network.plan(graphs.length > 1 ? graphs : graphs[0]!, { components: factsOf(components) });
    for (const { path: at, message } of plan.warnings) writeStderr('warning', `${at}: ${message}`);
    checkNodes(plan, components, target);
    const files = await target.files({
      name: plan.name,
      graphs,
      components: components.map(each => ({ ...each, isGraph: isGraphFile(each.path) })),
      limits: { memoryPages, fuel },
    });
    noteOutputs(files.map(file => ({ name: '--out', path: join(out, file.path) })));
    await refuseOthers(out, files);
    for (const folder of target.folders)
      await writing(join(out, folder), at => mkdir(at, { recursive: true }));
    for (const { path: file, content } of files)
      await writing(join(out, file), async at => {
        await mkdir(dirname(at), { recursive: true });
        await writeFile(at, content);
      });
    await writeLines([`cd ${shellWord(out)}`, target.start]);
    return 0;
  },
});

/** Refuses to replace a file that no build wrote, or that was changed since. @throws {CliError} FILE */
async function refuseOthers(out: string, files: readonly TargetFile[]): Promise<void> {
  const found = await Promise.all(
    files.map(async ({ path, content, isSigned = false }) => {
      const old = await readFile(join(out, path)).catch(() => undefined);
      const isOwn = isSigned && old !== undefined && (await isUnchanged(old.toString()));
      return { path, isSigned, isOwn, isOther: old !== undefined && !old.equals(Buffer.from(content)) };
    }),
  );
  // The other files have no signature: they belong to the build whose signed files lie beside them.
  const isBuilt = found.some(({ isOwn }) => isOwn);
  const other = found.find(({ isSigned, isOwn, isOther }) => isOther && !(isSigned ? isOwn : isBuilt));
  if (other)
    throw new CliError(
      'FILE',
      `${join(out, other.path)}: expected a file as plugboard build wrote it, got another one or a changed one; move the folder away, or give another --out`,
    );
}

/** @throws {NetworkError} UNKNOWN_COMPONENT @throws {CliError} USAGE for limits that the target cannot keep */
function checkNodes({ nodes }: Plan, components: readonly ComponentFile[], { refused }: Target): void {
  for (const { id, component, metadata } of nodes) {
    if (!components.some(({ name }) => name === component)) {
      const given = components.map(({ name }) => JSON.stringify(name)).join(', ') || 'none';
      throw new NetworkError(
        'UNKNOWN_COMPONENT',
        `node ${JSON.stringify(id)}: no component ${JSON.stringify(component)} is given; there are ${given}`,
      );
    }
    const limit = Object.keys(refused).find(key => Object.hasOwn(metadata, key));
    if (limit !== undefined)
      throw new CliError(
        'USAGE',
        `node ${JSON.stringify(id)}: metadata.${limit}: a module that comes compiled cannot keep it; leave it out, and give ${refused[limit]}`,
      );
  }
}

const oneOf = (names: readonly string[]): string =>
  names.length === 1 ? names[0]! : `one of ${names.join(', ')}`;

async function writing(path: string, action: (path: string) => Promise<unknown>): Promise<void> {
  try {
    await action(path);
  } catch (error) {
    throw new CliError('FILE', `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

import { writeJson } from '../actor/json/writer.ts';
import { readGraph } from '../network/graph/graph.ts';
import { Network, type Plan, toDot, toMermaid } from '../network/node.ts';
import { printable } from '../values/printable.ts';
import { defineCommand } from './command.ts';
import { CliError } from './errors.ts';
import { readInputFile } from './files.ts';
import { type ComponentFile, factsOf, readComponents } from './graph-components.ts';
import { GRAPH_OPTIONS, isGraphFile } from './graph-files.ts';
import { writeStderr, writeStdout } from './stdio.ts';

const FORMATS: Readonly<Record<string, (plan: Plan) => string>> = {
  mermaid: toMermaid,
  dot: toDot,
  json: plan => `${writeJson(plan)}\n`,
};

export const graph = defineCommand({
  name: 'graph',
  summary: 'check a graph of Reflow, and print it as a picture in text or as JSON',
  about: `Checks a graph file, with its subgraphs in their place, and prints the plan. Nothing runs but get_metadata of the
components that are given, whose ports are then checked. Warnings go to stderr.`,
  positionals: [{ name: 'FILE', help: 'the graph, as JSON' }],
  options: {
    format: { value: 'FORMAT', help: `${Object.keys(FORMATS).join(', ')} (default: mermaid)` },
    ...GRAPH_OPTIONS,
  },
  examples: [
    'plugboard graph graph.json',
    'plugboard graph graph.json --component Counter=counter.wasm --component Mean=mean.graph.json',
    'plugboard graph intake.json --with grinding.json --format dot | dot -Tsvg > mill.svg',
  ],
  run: async ([path = ''], { format = 'mermaid', component, with: others }) => {
    const print = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
    if (!print) {
      const expected = `--format: expected one of ${Object.keys(FORMATS).join(', ')}`;
      throw new CliError('USAGE', `${expected}, got ${JSON.stringify(format)}; see plugboard graph --help`);
    }
    const components = await readComponents(component);
    const first = await readInputFile(path);
    const rest = await Promise.all(others.map(readInputFile));
    const plan = Network.plan(rest.length > 0 ? [first, ...rest] : first, {
      components: factsOf(components),
    });
    warnOfUnused(components, [first, ...rest]);
    for (const { path, message } of plan.warnings) writeStderr('warning', `${path}: ${message}`);
    const lines = print(plan).split('\n');
    await writeStdout(lines.map(printable).join('\n'));
    return 0;
  },
});

/** A misspelt name leaves the ports of its nodes unchecked. */
function warnOfUnused(components: readonly ComponentFile[], graphs: readonly Uint8Array[]): void {
  const subgraphs = components.filter(({ path }) => isGraphFile(path)).map(({ bytes }) => bytes);
  const used = new Set(
    [...graphs, ...subgraphs].flatMap(bytes =>
      [...readGraph(bytes, ['graph']).processes.values()].map(({ component }) => component),
    ),
  );
  for (const { name } of components)
    if (!used.has(name))
      writeStderr('warning', `--component: no node has the component ${JSON.stringify(name)}`);
}

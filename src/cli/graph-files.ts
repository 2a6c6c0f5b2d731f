import type { Option } from './command.ts';
import { CliError } from './errors.ts';

export const GRAPH_OPTIONS = {
  component: {
    value: 'NAME=FILE',
    repeatable: true,
    help: 'a component: a .wasm file, or the .json file of a subgraph',
  },
  with: {
    value: 'FILE',
    repeatable: true,
    help: 'another graph of the workspace',
  },
} as const satisfies Record<string, Option>;

export const NATS_OPTIONS = {
  nats: {
    grants: true,
    not: ['state'],
    value: 'URL',
    help: 'keep the graph on this server of NATS, under the name in its properties. Messages\ncome and go by subjects, and stdin is not read; Ctrl-C ends it',
  },
  spread: { needs: 'nats', help: 'with --nats, share the nodes with other workers' },
  nodes: { needs: 'nats', value: 'A,B', help: 'with --nats, share the nodes, and run only these' },
} as const satisfies Record<string, Option>;

export interface NatsValues {
  spread: boolean;
  nodes: string | undefined;
}

export const isGraphFile = (path: string): boolean => path.endsWith('.json');

/** Returns the files of `NAME=FILE` by name. @throws {CliError} USAGE */
export function componentFiles(given: readonly string[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const text of given) {
    const at = text.indexOf('=');
    const [name, file] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
    if (name === '' || file === '')
      throw new CliError('USAGE', `--component: expected NAME=FILE, got ${JSON.stringify(text)}`);
    if (files.has(name)) throw new CliError('USAGE', `--component: ${name} is given twice`);
    files.set(name, file);
  }
  return files;
}

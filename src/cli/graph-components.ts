import { ModuleLoader } from '../actor/node.ts';
import type { ComponentFacts } from '../network/node.ts';
import { readInputFile } from './files.ts';
import { componentFiles, isGraphFile } from './graph-files.ts';

const METADATA_TIMEOUT_MS = 10_000;

/** The file of a component, and the parts that a plan needs of it. */
export interface ComponentFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly facts: ComponentFacts;
}

/** Reads the files of `NAME=FILE`. @throws {CliError} USAGE, FILE @throws {ModuleError} for a module that is not an actor */
export async function readComponents(given: readonly string[]): Promise<ComponentFile[]> {
  const loader = new ModuleLoader({ timeoutMs: METADATA_TIMEOUT_MS });
  const components: ComponentFile[] = [];
  for (const [name, path] of componentFiles(given)) {
    const bytes = await readInputFile(path);
    const facts = isGraphFile(path)
      ? { graph: bytes }
      : { metadata: (await loader.load(name, bytes)).metadata };
    components.push({ name, path, bytes, facts });
  }
  return components;
}

export const factsOf = (components: readonly ComponentFile[]): { [name: string]: ComponentFacts } =>
  Object.fromEntries(components.map(({ name, facts }) => [name, facts]));

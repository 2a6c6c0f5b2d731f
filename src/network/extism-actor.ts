import { describe } from '../actor/errors.ts';
import { isByte, type JsonObject } from '../actor/json/value.ts';
import { messageOf } from '../errors.ts';
import type { ComponentModule } from './component.ts';
import { NetworkError } from './errors.ts';
import type { NetworkSettings } from './network-options.ts';
import type { PlanNode } from './plan/plan.ts';

/** The component of Reflow's documentation whose module stands in the metadata of the node. */
export const EXTISM_ACTOR = 'ExtismActor';

/** Reads a file that lies in one of the folders. @throws {Error} with the reason */
export type ReadInside = (base: string, file: string, folders: readonly string[]) => Promise<Uint8Array>;

/** Returns the name under which the component of a node is known: its own for Reflow's form, unless that name is given. */
export const componentOf = ({ id, component }: PlanNode, { components }: NetworkSettings): string =>
  component === EXTISM_ACTOR && !components.has(component) ? `${EXTISM_ACTOR} ${id}` : component;

/**
 * Adds a component for each node of Reflow's form: `{"component": "ExtismActor", "metadata": {"plugin_path": "./m.wasm"}}`.
 * @throws {NetworkError} UNKNOWN_COMPONENT when the module is missing, or may not be read
 */
export async function addExtismActors(
  nodes: readonly PlanNode[],
  settings: NetworkSettings,
  read: ReadInside | undefined,
): Promise<void> {
  for (const node of nodes) {
    const name = componentOf(node, settings);
    if (name === node.component) continue;
    const module = await moduleOf(node, settings, read);
    settings.components.set(name, { kind: 'module', module });
  }
}

/** Returns the components that are files named by a node. */
export const pluginFiles = (nodes: readonly PlanNode[], settings: NetworkSettings) =>
  nodes.flatMap(node => {
    const [name, file] = [componentOf(node, settings), own(node.metadata, 'plugin_path')];
    return name !== node.component && typeof file === 'string' ? [{ name, file }] : [];
  });

async function moduleOf(
  { id, metadata }: PlanNode,
  { pluginFolders = [], graphFolder = '.' }: NetworkSettings,
  read: ReadInside | undefined,
): Promise<ComponentModule> {
  const refuse = (key: string, problem: string): never => {
    throw new NetworkError('UNKNOWN_COMPONENT', `node ${describe(id)}: metadata.${key}: ${problem}`);
  };
  const entryPoint = own(metadata, 'entry_point') ?? 'process';
  if (typeof entryPoint !== 'string')
    return refuse('entry_point', `expected a name, got ${describe(entryPoint)}`);
  const source = own(metadata, 'source');
  if (Array.isArray(source) && source.every(isByte))
    return { source: Uint8Array.from(source as number[]), entryPoint };
  const path = own(metadata, 'plugin_path');
  if (typeof path !== 'string')
    return refuse(
      'plugin_path',
      `expected the path of a module, or its bytes as source, got ${describe(path)}`,
    );
  if (!read)
    return refuse('plugin_path', 'there are no files here; give the component ExtismActor in components');
  if (pluginFolders.length === 0)
    return refuse(
      'plugin_path',
      `${describe(path)} may not be read; allow its folder in the option pluginFolders`,
    );
  try {
    return { source: await read(graphFolder, path, pluginFolders), entryPoint };
  } catch (error) {
    return refuse('plugin_path', `${describe(path)} may not be read: ${messageOf(error)}`);
  }
}

const own = (metadata: JsonObject, key: string) => (Object.hasOwn(metadata, key) ? metadata[key] : undefined);

import { type PluginMetadata, readMetadata } from '../actor/engine/metadata.ts';
import { ActorError } from '../actor/errors.ts';
import type { Inspection } from '../inspect/inspection.ts';
import { createPlugin, type HostFunctions } from '../node.ts';
import { TYPES_LIMITS } from '../types/limits.ts';

const METADATA_PAGES = TYPES_LIMITS.metadataPages.default;
const METADATA_BYTES = TYPES_LIMITS.metadataBytes.default;

/**
 * Runs `get_metadata` of a plugin that nobody has reason to trust: within limits of time and memory, without files, network,
 * config, or host functions.
 * @throws {CreateError} {CallError} TIMEOUT and others
 * @throws {ActorError} INVALID_METADATA, OUTPUT_LIMIT
 */
export async function askMetadata(
  bytes: Uint8Array,
  { imports }: Inspection,
  timeoutMs: number,
): Promise<PluginMetadata> {
  const functions = refusing([...imports.host, ...imports.reflow]);
  const plugin = await createPlugin(bytes, { functions, timeoutMs, memory: { max_pages: METADATA_PAGES } });
  try {
    const output = await plugin.call('get_metadata');
    const answer = output?.bytes() ?? new Uint8Array(0);
    if (answer.length <= METADATA_BYTES) return readMetadata(answer);
    const message = `get_metadata: expected at most ${METADATA_BYTES} bytes, got ${answer.length}`;
    throw new ActorError('OUTPUT_LIMIT', message);
  } finally {
    await plugin.close();
  }
}

/** Host functions that end the call: a plugin needs none to tell its ports. */
function refusing(imports: Inspection['imports']['host']): HostFunctions {
  const namespaces = new Map<string, [name: string, refuse: () => never][]>();
  for (const { namespace, name } of imports) {
    const refuse = (): never => {
      throw new Error('there are no host functions while a plugin tells its metadata');
    };
    namespaces.set(namespace, [...(namespaces.get(namespace) ?? []), [name, refuse]]);
  }
  return Object.fromEntries(
    [...namespaces].map(([name, functions]) => [name, Object.fromEntries(functions)]),
  );
}

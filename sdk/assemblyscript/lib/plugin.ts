import { Host } from '@extism/as-pdk';
import { error_set } from '@extism/as-pdk/lib/env';
import { ActorContext, ActorResult, PluginMetadata } from './actor';
import { allocateText } from './host';
import { readJson } from './json-reader';
import { writeJson } from './json-writer';

/** Handles one packet. */
export type ProcessFunction = (context: ActorContext) => ActorResult;

let metadata: PluginMetadata | null = null;
let processFunction: ProcessFunction | null = null;

/** Sets the actor of this module. Call it at the top level of the entry file. */
export function registerPlugin(described: PluginMetadata, handle: ProcessFunction): void {
  metadata = described;
  processFunction = handle;
}

const NOT_REGISTERED = 'no actor is registered: call registerPlugin at the top level of the entry file';

/** The export of this name. The entry file exports it again. */
export function get_metadata(): i32 {
  const described = metadata;
  if (described === null) return fail(NOT_REGISTERED);
  Host.output(writeJson(described.toJson()));
  return 0;
}

/** The export of this name. The entry file exports it again. */
export function process(): i32 {
  const handle = processFunction;
  if (handle === null) return fail(NOT_REGISTERED);
  const context = readJson(Host.input());
  const problem = context.error;
  if (problem !== null) return fail('Failed to unmarshal actor context: ' + problem);
  const result = handle(new ActorContext(context.value));
  const error = result.error;
  if (error !== null) return fail('Actor processing error: ' + error);
  Host.output(writeJson(result.toJson()));
  return 0;
}

function fail(text: string): i32 {
  error_set(allocateText(text).offset);
  return 1;
}

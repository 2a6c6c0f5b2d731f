export { onAbort } from './lib/abort';
export { ActorConfig, ActorContext, ActorResult, PluginMetadata, PortDefinition } from './lib/actor';
export { getState, sendOutput, sendOutputMessages, setState } from './lib/host';
export { Json, JsonKind } from './lib/json';
export { ReadResult, readJson } from './lib/json-reader';
export { writeJson } from './lib/json-writer';
export { Message, Packet } from './lib/message';
export { get_metadata, ProcessFunction, process, registerPlugin } from './lib/plugin';

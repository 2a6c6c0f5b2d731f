export { CallError } from '../call.ts';
export { CreateError, PlugboardError } from '../errors.ts';
export type { Platform } from '../platform/types.ts';
export { type ActorOptions, type Inports, ProcessError, ScriptActor } from './actor.ts';
export {
  type ActorConfig,
  type ActorConfigInput,
  type ScriptConfig,
  ScriptEnvironment,
  ScriptRuntime,
} from './config.ts';
export { type ActorContext, type ActorResult, writeConfig, writePayload } from './context.ts';
export { type EngineCall, type EngineOptions, ExtismEngine } from './engine.ts';
export { ACTOR_ERROR_CODES, type ActorDiagnostic, ActorError, type ActorErrorCode } from './errors.ts';
export { Float } from './float.ts';
export { type JsonObject, type JsonValue, MAX_DEPTH, readJson, writeJson } from './json.ts';
export {
  Message,
  type MessageData,
  type MessageType,
  type Packet,
  readPacket,
  writePacket,
} from './message.ts';
export type { PluginMetadata, PortDefinition } from './metadata.ts';
export { MemoryState, type StateMap, type StateStore } from './state.ts';

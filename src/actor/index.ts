export { ACTOR_ERROR_CODES } from '../actor-error-codes.ts';
export { CallError } from '../call-error.ts';
export type { CallErrorCode, CreateErrorCode } from '../error-codes.ts';
export { CreateError, PlugboardError, type PlugboardErrorCode } from '../errors.ts';
export type { Platform } from '../platform/types.ts';
export type { PluginMemory, PluginReport } from '../run/report.ts';
export { ScriptActor } from './actor.ts';
export type { ActorOptions, ErrorPolicy, Isolation } from './actor-settings.ts';
export type { SendOptions, StopOptions } from './call-options.ts';
export {
  ActorConfig,
  type ActorConfigInput,
  type GraphNode,
  type NodeOptions,
} from './config/actor-config.ts';
export { type ScriptConfig, ScriptEnvironment, ScriptRuntime } from './config/script-config.ts';
export type { ConfigValidator } from './engine/config-schema.ts';
export { ExtismEngine } from './engine/engine.ts';
export type { EngineCall, EngineResult } from './engine/engine-call.ts';
export type { EngineOptions } from './engine/engine-options.ts';
export { type ActorContext, writeConfig, writePayload } from './engine/input.ts';
export type { PluginMetadata, PortDefinition } from './engine/metadata.ts';
export {
  MODULE_ERROR_KINDS,
  ModuleError,
  type ModuleErrorCode,
  type ModuleErrorKind,
} from './engine/module-error.ts';
export type { ModuleSource } from './engine/module-source.ts';
export type { Protocol } from './engine/outline.ts';
export type { ActorResult } from './engine/result.ts';
export { type ActorDiagnostic, ActorError, type ActorErrorCode } from './errors.ts';
export type { ActorEvent, ActorHappening, ActorListener, ActorPhase } from './events.ts';
export { Float } from './float.ts';
export type { Inports } from './inbox.ts';
export { readJson } from './json/reader.ts';
export { type JsonObject, type JsonValue, MAX_DEPTH } from './json/value.ts';
export { writeJson } from './json/writer.ts';
export { ACTOR_LIMITS, type ActorLimit, type ActorLimits } from './limits.ts';
export {
  Message,
  type MessageData,
  type MessageType,
  type NetworkEvent,
  type Packet,
  type RemoteReference,
} from './message/message.ts';
export { readPacket, type Wire, writePacket } from './message/wire.ts';
export { type ActorModule, type LoaderOptions, type LoadOptions, ModuleLoader } from './module-loader.ts';
export { ProcessError } from './process-error.ts';
export { MemoryState, type StateMap, type StatePolicy, type StateStore } from './state/state-store.ts';
export { ActorState } from './state/written-state.ts';
export type { ActorStep } from './step.ts';

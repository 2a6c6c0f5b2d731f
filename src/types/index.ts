export { describePlugin, type PluginFacts } from './describe.ts';
export {
  type ActorTypes,
  type DataType,
  type FunctionTypes,
  type NamedType,
  type Payload,
  PLUGIN_TYPES_VERSION,
  type PluginTypes,
  type PortTypes,
  type PropertyType,
} from './plugin-types.ts';
export { type DeclarationOptions, printDeclaration } from './print-declaration.ts';
export { type ModuleOptions, printModule } from './print-module.ts';

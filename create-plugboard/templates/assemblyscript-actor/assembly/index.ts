import { Json, PluginMetadata, registerPlugin } from 'reflow-wasm-actor';
import './abort';
import { add } from './total';

export { get_metadata, process } from 'reflow-wasm-actor';

const start = Json.object().set('type', Json.string('integer')).set('default', Json.integer(0));
registerPlugin(
  new PluginMetadata('{{component}}', 'Adds up numbers')
    .inport('number', 'The number to add', 'Integer', true)
    .outport('total', 'The sum of all numbers', 'Integer')
    .schema(
      Json.object().set('type', Json.string('object')).set('properties', Json.object().set('start', start)),
    ),
  add,
);

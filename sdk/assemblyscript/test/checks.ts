// Exports for checks.test.mjs: the parts of the SDK that the five actors of fixtures/ do not reach.
import { Host } from '@extism/as-pdk';
import { Json, Message, PluginMetadata, readJson, registerPlugin, writeJson } from '../index';
import { ActorContext, ActorResult } from '../index';

export { get_metadata, process } from '../index';

/** Reads and writes the input; after an error writes its text as JSON. */
export function roundTrip(): i32 {
  const result = readJson(Host.input());
  const error = result.error;
  Host.output(writeJson(error === null ? result.value : Json.string(error)));
  return 0;
}

/** The bits of a JSON number as a float. */
export function bits(): i32 {
  const value = readJson(Host.input()).value.asFloat();
  Host.output(writeJson(Json.string(reinterpret<u64>(value).toString())));
  return 0;
}

/** What the readers of Json say of the input. */
export function readers(): i32 {
  const json = readJson(Host.input()).value;
  const bytes = json.asBytes();
  const answers = Json.array()
    .push(Json.boolean(json.isNull))
    .push(Json.boolean(json.asBoolean(true)))
    .push(Json.integer(json.asInteger(-1)))
    .push(Json.float(json.asFloat(-1)))
    .push(Json.string(json.asString('none')))
    .push(Json.integer(json.items.length))
    .push(Json.integer(json.keys.length))
    .push(json.at(0))
    .push(json.get('a'))
    .push(bytes === null ? Json.null() : Json.bytes(bytes))
    .push(Json.boolean(json.has('a')))
    .push(json.push(Json.integer(1)).set('a', Json.integer(1)));
  Host.output(writeJson(answers));
  return 0;
}

/** Floats and texts that JSON cannot hold. */
export function odd(): i32 {
  const items = Json.array([
    Json.float(NaN),
    Json.float(-Infinity),
    Json.string('\ud800 \udc00 \ud83e\udd80'),
  ]);
  Host.output(writeJson(items));
  return 0;
}

/** Registers an actor; before that the exports of an actor fail. */
export function register(): i32 {
  const metadata = new PluginMetadata('Checks', 'An actor').inport('in', 'Any message', 'Any', true);
  registerPlugin(metadata, (context: ActorContext): ActorResult => {
    const config = context.config;
    const namespace = config.namespace;
    const seen = Json.array([
      Json.string(config.nodeId),
      Json.string(config.component),
      namespace === null ? Json.null() : Json.string(namespace),
      Json.string(context.get('missing').type),
    ]);
    return new ActorResult().set('seen', Message.any(seen));
  });
  return 0;
}

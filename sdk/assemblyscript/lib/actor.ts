import { Json } from './json';
import { Message, Packet } from './message';

/** The configuration of the actor's node. */
export class ActorConfig {
  nodeId: string;
  component: string;
  /** Environment variables that the host resolved. */
  resolvedEnv: Json;
  /** The settings of the node, an object. */
  config: Json;
  namespace: string | null;

  constructor(json: Json) {
    this.nodeId = json.get('node_id').asString();
    this.component = json.get('component').asString();
    this.resolvedEnv = json.get('resolved_env');
    this.config = json.get('config');
    const namespace = json.get('namespace');
    this.namespace = namespace.isString ? namespace.asString() : null;
  }

  /** Returns a setting. `isNull` of a missing one is true. */
  get(key: string): Json {
    return this.config.get(key);
  }
  /** Returns a setting that is a text, else the fallback. */
  getString(key: string, fallback: string = ''): string {
    return this.get(key).asString(fallback);
  }
  /** Returns a setting that is a number, else the fallback. */
  getNumber(key: string, fallback: f64 = 0): f64 {
    return this.get(key).asFloat(fallback);
  }
  /** Returns a setting that is an integer, else the fallback. */
  getInteger(key: string, fallback: i64 = 0): i64 {
    return this.get(key).asInteger(fallback);
  }
  /** Returns a setting that is a boolean, else the fallback. */
  getBoolean(key: string, fallback: bool = false): bool {
    return this.get(key).asBoolean(fallback);
  }
  /** Returns a resolved environment variable, or null. */
  getEnv(key: string): string | null {
    const value = this.resolvedEnv.get(key);
    return value.isString ? value.asString() : null;
  }
}

/** The input of one call. */
export class ActorContext {
  /** The messages that arrived, by inport. */
  payload: Packet = new Map<string, Message>();
  config: ActorConfig;
  /** The state before the call, an object; empty at first. `getState` reads the live one. */
  state: Json;

  constructor(json: Json) {
    this.config = new ActorConfig(json.get('config'));
    this.state = json.get('state');
    const payload = json.get('payload');
    const ports = payload.keys;
    for (let index = 0; index < ports.length; index++) {
      const message = payload.get(ports[index]);
      this.payload.set(ports[index], new Message(message.get('type').asString(), message.get('data')));
    }
  }

  has(port: string): bool {
    return this.payload.has(port);
  }
  /** Returns the message of a port. For a port without one its `type` is empty. */
  get(port: string): Message {
    return this.payload.has(port) ? this.payload.get(port) : new Message('');
  }
}

/** The output of one call. */
export class ActorResult {
  outputs: Packet = new Map<string, Message>();
  /** Replaces the whole state, `setState` of the same call included. Null leaves it as it is. */
  state: Json | null = null;
  /** Fails the call with "Actor processing error: …" unless it is null. */
  error: string | null = null;

  static fail(error: string): ActorResult {
    const result = new ActorResult();
    result.error = error;
    return result;
  }

  /** Sets the message of an outport, and returns the result. */
  set(port: string, message: Message): ActorResult {
    this.outputs.set(port, message);
    return this;
  }
  /** Sets the new state, and returns the result. */
  withState(state: Json): ActorResult {
    this.state = state;
    return this;
  }

  toJson(): Json {
    const outputs = Json.object();
    const ports = this.outputs.keys();
    for (let index = 0; index < ports.length; index++) {
      outputs.set(ports[index], this.outputs.get(ports[index]).toJson());
    }
    const json = Json.object().set('outputs', outputs);
    const state = this.state;
    return state === null ? json : json.set('state', state);
  }
}

/** Describes a port. */
export class PortDefinition {
  constructor(
    readonly name: string,
    readonly description: string,
    /** The name of a message type, or `Any`. */
    readonly portType: string,
    readonly required: bool = false,
  ) {}

  toJson(): Json {
    return Json.object()
      .set('name', Json.string(this.name))
      .set('description', Json.string(this.description))
      .set('port_type', Json.string(this.portType))
      .set('required', Json.boolean(this.required));
  }
}

/** Describes an actor to its host. */
export class PluginMetadata {
  inports: PortDefinition[] = [];
  outports: PortDefinition[] = [];
  /** A JSON Schema of the settings, or null. */
  configSchema: Json | null = null;

  constructor(
    readonly component: string,
    readonly description: string,
  ) {}

  /** Adds an inport, and returns the metadata. */
  inport(name: string, description: string, portType: string, required: bool = false): PluginMetadata {
    this.inports.push(new PortDefinition(name, description, portType, required));
    return this;
  }
  /** Adds an outport, and returns the metadata. */
  outport(name: string, description: string, portType: string): PluginMetadata {
    this.outports.push(new PortDefinition(name, description, portType));
    return this;
  }
  /** Sets the JSON Schema of the settings, and returns the metadata. */
  schema(schema: Json): PluginMetadata {
    this.configSchema = schema;
    return this;
  }

  toJson(): Json {
    const json = Json.object()
      .set('component', Json.string(this.component))
      .set('description', Json.string(this.description))
      .set('inports', portsJson(this.inports))
      .set('outports', portsJson(this.outports));
    const schema = this.configSchema;
    return schema === null ? json : json.set('config_schema', schema);
  }
}

function portsJson(ports: PortDefinition[]): Json {
  const array = Json.array([]);
  for (let index = 0; index < ports.length; index++) array.push(ports[index].toJson());
  return array;
}

import type { ErrorCode } from './error-codes.ts';

/** Error codes of the actor layer. A plugin call that fails has a code of the plugin host. */
export const ACTOR_ERROR_CODES = [
  {
    code: 'JSON_SYNTAX',
    where: ['JSON and MessagePack', 'process'],
    when: 'A text is not JSON.',
    remedy:
      'Correct the text at the byte offset that the message names; it also tells the expected character and the one found.',
  },
  {
    code: 'JSON_RANGE',
    where: ['JSON and MessagePack', 'process'],
    when: 'A JSON text has a number beyond the range of a 64-bit float.',
    remedy: 'Pass such a number as a string.',
  },
  {
    code: 'JSON_DEPTH',
    where: ['JSON and MessagePack', 'process'],
    when: 'Arrays and objects are nested so deep that plugins could not read them: the limit is that of serde_json.',
    remedy: 'Make the value flatter, or pass it as a string of JSON.',
  },
  {
    code: 'JSON_VALUE',
    where: ['JSON and MessagePack', 'process'],
    when: 'JSON cannot carry a value: NaN, an infinity, undefined, a function, a class instance, a cycle, half a surrogate pair.',
    remedy:
      'Replace the value at the path that the message names, such as payload.x.data, by one that JSON can carry.',
  },
  {
    code: 'MSGPACK_SYNTAX',
    where: ['JSON and MessagePack', 'process'],
    when: 'Bytes are not one value of MessagePack, or contain extension types or keys other than strings and integers, which are not supported.',
    remedy:
      'Encode with a library without extension types. The message names the byte offset, the expected content and the content found.',
  },
  {
    code: 'INVALID_CONFIG',
    where: ['ScriptActor.create', 'process', 'ModuleLoader', 'FileState.open'],
    when: 'A ScriptConfig, or an option of the actor, has an unknown key, a key in both spellings, or a value of the wrong type; or an object is given where no options are read.',
    remedy: 'Correct the option that the message names.',
  },
  {
    code: 'INVALID_MESSAGE',
    where: ['process', 'Message'],
    when: 'A packet is not an object of port → message, or the data of a message does not have the type that the message names.',
    remedy: 'Make messages with Message.integer(5) and similar functions.',
  },
  {
    code: 'INVALID_RESULT',
    where: ['process'],
    when: 'The output of the plugin is not an ActorResult or, for the SDK of April 2025, not an object of port → value.',
    remedy: 'Correct the plugin: it must output {"outputs": {…}, "state": …}.',
  },
  {
    code: 'WRONG_PROTOCOL',
    where: ['process'],
    when: 'A compiled module, whose types cannot be seen, was called as one of the current SDK, and was then recognised as one of the SDK of April 2025. State and outports are as before the call.',
    remedy: "Give the option protocol: 'ports', or the bytes of the module.",
  },
  {
    code: 'INVALID_METADATA',
    where: ['ScriptActor.create', 'ModuleLoader'],
    when: 'The output of get_metadata is not the metadata of a plugin.',
    remedy:
      'Correct the plugin: the output of get_metadata must have a component, and a list of ports at the path that the message names.',
  },
  {
    code: 'MODULE_TOO_LARGE',
    where: ['ScriptActor.create', 'ModuleLoader'],
    when: 'The wasm of an actor has more bytes than limits.moduleBytes allows. A ModuleError of kind TooLarge.',
    remedy: 'Make a release build, strip it with wasm-opt, or raise limits.moduleBytes.',
  },
  {
    code: 'INVALID_PACKET',
    where: ['process'],
    when: 'The plugin called __send_output with JSON other than an object. The cause of a HOST_FUNCTION_FAILED.',
    remedy: 'Correct the plugin: it must pass an object of port → value.',
  },
  {
    code: 'NOT_PROCESSING',
    where: ['ScriptActor.create', 'process'],
    when: 'The plugin called a host function of actors outside a message, such as from get_metadata. The cause of a HOST_FUNCTION_FAILED or INIT_FAILED.',
    remedy: 'Correct the plugin: state and outputs exist only while it processes a message.',
  },
  {
    code: 'STATE_STORE_FAILED',
    where: ['ScriptActor.create', 'process', 'FileState.open', 'NatsEngine'],
    when: 'The state store threw, or did not load a Map. A FileState cannot read or write its file, or another program has changed it during the call, which then fails. A nats-server refuses a request.',
    remedy:
      'Correct the store as its own error says, which is the cause. For a FileState, check path and permissions, and let one program write the file.',
  },
  {
    code: 'STATE_TOO_LARGE',
    where: ['ScriptActor.create', 'process'],
    when: 'A call leaves a state over its limit: the call fails, and the state from before it is kept. Or the state that an actor begins with, or its store loads, is over the limit.',
    remedy:
      'Let the plugin keep less, or raise limits.stateBytes (and limits.inputBytes, which holds config and payload too). For a stored state that is too large, do that, or commit a smaller one to the store. On the command line, give --input-bytes or another state file.',
  },
  {
    code: 'INVALID_STATE_FILE',
    where: ['FileState.open'],
    when: 'A file given for the state is not a state file of a known version: other JSON, a bare object, or a file of a newer plugboard. The file is left as it is.',
    remedy:
      'Correct the path. For a bare object that is the state of an actor, as plugboard 0.1 wrote it, give the option adopt, or --adopt on the command line.',
  },
  {
    code: 'CALLBACK_FAILED',
    where: ['ScriptActor.create', 'process', 'onDiagnostic'],
    when: 'Another function that was given to the actor threw, such as onDiagnostic. When a listener of events throws, this is only a diagnostic: listeners are not part of the call.',
    remedy: 'Correct the function that threw; its error is the cause.',
  },
  {
    code: 'INPUT_LIMIT',
    where: ['process'],
    when: 'A payload, or payload, config and state together, are more bytes than one call may be given.',
    remedy: 'Pass less at once, clear the state, or raise limits.inputBytes.',
  },
  {
    code: 'OUTPUT_LIMIT',
    where: ['ScriptActor.create', 'process', 'durableNetwork'],
    when: 'The result of a call and its arguments of host functions are together more bytes than one call may give; or the output of get_metadata, get_version or validate_config, or a result of a Durable Object, is too long.',
    remedy: 'Let the plugin give less at once, or raise limits.outputBytes.',
  },
  {
    code: 'PACKET_LIMIT',
    where: ['process'],
    when: 'A call sent more packets than one call may. The cause of a HOST_FUNCTION_FAILED.',
    remedy: 'Let the plugin send less at once, or raise limits.packets.',
  },
  {
    code: 'ENV_MISSING',
    where: ['ActorConfig'],
    when: 'A node of a graph requires an environment variable that is not given, or not allowed.',
    remedy: 'Give it in environment, and allow it in allowedEnv.',
  },
  {
    code: 'MISSING_PORT',
    where: ['process'],
    when: 'A payload has no message for an inport that the plugin requires, or that awaitAllInports waits for.',
    remedy:
      'Send a message for each port that the message names, or leave requirePorts and awaitAllInports out.',
  },
  {
    code: 'UNKNOWN_PORT',
    where: ['inports.send'],
    when: 'With awaitAllInports, a message is sent to a port that the plugin does not have.',
    remedy: 'Send to one of the ports that the message names.',
  },
  {
    code: 'UNKNOWN_MODULE',
    where: ['ModuleLoader'],
    when: 'A ModuleLoader is asked for a module under a name that is not registered.',
    remedy: 'Load the module first; the message lists the registered names.',
  },
  {
    code: 'INVALID_GRAPH',
    where: ['Network.plan'],
    when: 'A graph has an unknown key, a value of the wrong type, no name, or parts that do not fit together: a connection to a process or port that does not exist, two connections of the same ends, a graph that contains itself.',
    remedy:
      'Correct the graph at the path that the message names, such as graph.connections[3].to. Keys may be in camelCase or snake_case.',
  },
  {
    code: 'GRAPH_TOO_LARGE',
    where: ['Network.plan'],
    when: 'A graph has more nodes or connections than a network may, those of its subgraphs included.',
    remedy: 'Divide the graph into several networks.',
  },
  {
    code: 'UNKNOWN_COMPONENT',
    where: ['Network.create'],
    when: 'A process of a graph has a component that is not given, or names a module in its metadata that may not be read.',
    remedy:
      'Give the component that the message names in components, or allow the folder of its plugin_path in pluginFolders.',
  },
  {
    code: 'NETWORK_OVERFLOW',
    where: ['Network', 'engines'],
    when: 'More packets wait inside a cycle, or at a join whose other ports get none, than may. Their sender cannot wait: it would wait for itself.',
    remedy:
      'Let the nodes on the way that the message names send fewer packets than they get, or raise the limit that it names.',
  },
  {
    code: 'NODE_FENCED',
    where: ['engines'],
    when: 'A session of a node takes or commits after another session has taken the node over. Nothing of the step is kept.',
    remedy: 'Drop the instance, whose memory knows of the step, and open a new session.',
  },
  {
    code: 'STEP_TOO_LARGE',
    where: ['Network', 'engines'],
    when: 'A step or message has more bytes than its engine can keep at once.',
    remedy: 'Send less at once, or raise the limit that the message names.',
  },
  {
    code: 'TOO_MANY_ATTEMPTS',
    where: ['NatsEngine', 'durableNetwork'],
    when: 'Process after process died while a node made the same step. Its packet is in the dead letters, and the node goes on with the next.',
    remedy:
      'Run the packet of the dead letter alone. Its step may fill the memory of the process, or end it in another way.',
  },
  {
    code: 'NATS_TOO_OLD',
    where: ['Network.create', 'NatsEngine'],
    when: 'The nats-server is older than 2.11, which ignores the time after which a key ends. A worker that has died would keep its network for ever.',
    remedy: 'Run a newer nats-server.',
  },
  {
    code: 'NATS_CLIENT_MISSING',
    where: ['Network.create', 'NatsEngine'],
    when: 'The package @nats-io/nats-core is not installed beside plugboard.',
    remedy: 'Install it: `npm install @nats-io/nats-core`.',
  },
  {
    code: 'NETWORK_STOPPED',
    where: ['Network', 'engines'],
    when: 'A network is used that was stopped, or that stopped after a failure, which is the cause.',
    remedy: 'Create a new network.',
  },
  {
    code: 'ACTOR_STOPPED',
    where: ['process', 'inports.send', 'reload'],
    when: 'The actor was stopped, by its user or by its error policy.',
    remedy:
      'Create a new one; the state can be handed over. The cause, if there is one, is the failure that stopped it.',
  },
  {
    code: 'MESSAGE_SKIPPED',
    where: ['onDiagnostic'],
    when: 'Diagnostic: an output of the plugin is not a message. It is left out, as upstream does.',
    remedy: 'Correct the plugin: a message has a known type, and data.',
  },
  {
    code: 'MESSAGE_DEFAULTED',
    where: ['onDiagnostic'],
    when: 'Diagnostic: the data of a message from the plugin has the wrong type. It is replaced by 0, false, "", [] or no bytes, as upstream does.',
    remedy:
      'Correct the plugin: the data must have the type that the message names; 5.0, for example, is a Float and not an Integer.',
  },
  {
    code: 'NO_METADATA',
    where: ['onDiagnostic'],
    when: 'Diagnostic: the plugin exports no get_metadata, so its component and ports are not known.',
    remedy: 'Export get_metadata from the plugin; only plugins of the SDK of April 2025 need none.',
  },
  {
    code: 'MEMORY_HIGH',
    where: ['onDiagnostic'],
    when: "Diagnostic: an actor's plugin takes more than 100 MiB of memory. Told once, and again after a reload or restart.",
    remedy: 'Look for a leak in the plugin, or give memoryLimitMb or memory.max_pages.',
  },
  {
    code: 'STATE_WRITES_DISCARDED',
    where: ['onDiagnostic'],
    when: 'Diagnostic: a call set keys of the state and then returned a state without them, which replaces all, as upstream. Or a call failed, and the state that it had set cannot be kept.',
    remedy:
      "Let the plugin return all of its state or none, or use statePolicy: 'merge'. For a failed call the message has the reason.",
  },
  {
    code: 'STATE_IGNORED',
    where: ['onDiagnostic'],
    when: 'Diagnostic: the state that the plugin returned is neither an object nor null. The state stays as it is, as upstream.',
    remedy: 'Correct the plugin: a state is an object of key → value, or null for no change.',
  },
] as const satisfies readonly ErrorCode[];

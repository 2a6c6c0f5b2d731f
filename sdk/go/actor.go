// Package reflow is the Go SDK for Reflow actors: WebAssembly plugins that take a packet of messages and return another.
//
// An actor registers its metadata and a [ProcessFunc] in an init function, and exports get_metadata and process, as the
// package exports does. It builds with TinyGo and with standard Go from 1.24 on; README.md has the commands.
package reflow

import (
	"encoding/json"
	"errors"

	"github.com/darmie/reflow/reflow_wasm_go/sdk/internal/host"
)

// ActorContext is the input of one call.
type ActorContext struct {
	// Payload holds the messages that arrived, by inport.
	Payload map[string]Message `json:"payload"`
	Config  ActorConfig        `json:"config"`
	// State is the state before the call: a map[string]interface{}, empty at first. See [GetState] for the live one.
	State interface{} `json:"state"`
}

// ActorResult is the output of one call.
type ActorResult struct {
	// Outputs holds messages by outport, each in the form of [Message.ToSerializable]. Nil sends none.
	Outputs map[string]interface{} `json:"outputs"`
	// State replaces the whole state, [SetState] of the same call included. Nil leaves it as it is.
	State interface{} `json:"state,omitempty"`
}

// PluginMetadata describes an actor to its host.
type PluginMetadata struct {
	// Component is the name of the actor.
	Component   string           `json:"component"`
	Description string           `json:"description"`
	Inports     []PortDefinition `json:"inports"`
	Outports    []PortDefinition `json:"outports"`
	// ConfigSchema is a JSON Schema of the settings, or nil.
	ConfigSchema interface{} `json:"config_schema,omitempty"`
	// Encoding names the encoding of context and result. Empty: JSON. Set by a [Codec].
	Encoding string `json:"encoding,omitempty"`
}

// PortDefinition describes a port. PortType is the name of a message type, such as "Integer", or "Any".
type PortDefinition struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	PortType    string `json:"port_type"`
	Required    bool   `json:"required"`
}

// NewPort returns the definition of a port.
func NewPort(name, description, portType string, required bool) PortDefinition {
	return PortDefinition{Name: name, Description: description, PortType: portType, Required: required}
}

// NewRequiredPort returns the definition of a port without which the actor cannot work.
func NewRequiredPort(name, description, portType string) PortDefinition {
	return NewPort(name, description, portType, true)
}

// NewOptionalPort returns the definition of a port that may stay without a message.
func NewOptionalPort(name, description, portType string) PortDefinition {
	return NewPort(name, description, portType, false)
}

// ProcessFunc handles one packet. Its error fails the call with the text "Actor processing error: …".
type ProcessFunc func(context ActorContext) (ActorResult, error)

// Codec converts context and result from and to an encoding other than JSON. The package msgpack has one.
type Codec struct {
	// Encoding is the name in the metadata, by which the host chooses the encoding.
	Encoding  string
	Unmarshal func(input []byte) (ActorContext, error)
	Marshal   func(result ActorResult) ([]byte, error)
}

var jsonCodec = Codec{
	Unmarshal: func(input []byte) (context ActorContext, err error) {
		err = unmarshal(input, &context)
		return context, err
	},
	Marshal: func(result ActorResult) ([]byte, error) { return json.Marshal(result) },
}

var plugin struct {
	metadata PluginMetadata
	process  ProcessFunc
	codec    Codec
}

// RegisterPlugin sets the actor of this module. Call it in an init function: main is not run.
func RegisterPlugin(metadata PluginMetadata, process ProcessFunc) {
	RegisterPluginWithCodec(metadata, process, jsonCodec)
}

// RegisterPluginWithCodec is [RegisterPlugin] with another encoding of context and result.
func RegisterPluginWithCodec(metadata PluginMetadata, process ProcessFunc, codec Codec) {
	metadata.Encoding = codec.Encoding
	plugin.metadata, plugin.process, plugin.codec = metadata, process, codec
}

var errNotRegistered = errors.New("no actor is registered: call RegisterPlugin in an init function")

// GetMetadata is the body of the export get_metadata.
func GetMetadata() int32 { return finish(metadata()) }

// Process is the body of the export process.
func Process() int32 { return finish(process()) }

func metadata() ([]byte, error) {
	if plugin.process == nil {
		return nil, errNotRegistered
	}
	metadata := plugin.metadata
	metadata.Inports, metadata.Outports = orEmpty(metadata.Inports), orEmpty(metadata.Outports)
	text, err := json.Marshal(metadata)
	return text, explain("Failed to marshal plugin metadata: ", err)
}

func process() ([]byte, error) {
	if plugin.process == nil {
		return nil, errNotRegistered
	}
	context, err := plugin.codec.Unmarshal(host.Current.Input())
	if err != nil {
		return nil, explain("Failed to unmarshal actor context: ", err)
	}
	result, err := plugin.process(context)
	if err != nil {
		return nil, explain("Actor processing error: ", err)
	}
	if result.Outputs == nil {
		// A nil map would be written as null, for which hosts fail the call.
		result.Outputs = map[string]interface{}{}
	}
	output, err := plugin.codec.Marshal(result)
	return output, explain("Failed to marshal actor result: ", err)
}

func finish(output []byte, err error) int32 {
	if err != nil {
		host.Current.SetError(err.Error())
		return 1
	}
	host.Current.SetOutput(output)
	return 0
}

func explain(prefix string, err error) error {
	if err == nil {
		return nil
	}
	// The prefixes are those of Reflow's SDK, which users know.
	return errors.New(prefix + err.Error())
}

func orEmpty(ports []PortDefinition) []PortDefinition {
	if ports == nil {
		return []PortDefinition{}
	}
	return ports
}

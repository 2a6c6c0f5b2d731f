// Package reflowtest runs the registered actor in a test on the developer's machine: go test needs neither WebAssembly nor a
// host. Context, result, state and packets pass through the encoding of the actor, as they do between plugin and host.
package reflowtest

import (
	"bytes"
	"encoding/json"
	"errors"

	reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"
	"github.com/darmie/reflow/reflow_wasm_go/sdk/internal/host"
	"github.com/tinylib/msgp/msgp"
)

// Packet holds messages by port.
type Packet = map[string]reflow.Message

// Actor is the registered actor with a config and a state of its own. Package variables are shared by all actors of a
// test, which they are not in plugins.
type Actor struct {
	// Config is the configuration of the node.
	Config reflow.ActorConfig
	// State is the state between calls. After a call each of its numbers is a json.Number, or an int64 or float64 with
	// MessagePack.
	State map[string]interface{}
}

// NewActor returns the registered actor with settings and a state. Both may be nil.
func NewActor(config, state map[string]interface{}) *Actor {
	return &Actor{
		Config: reflow.ActorConfig{
			NodeID: "test", Component: "test", ResolvedEnv: map[string]string{}, Config: orEmpty(config),
		},
		State: orEmpty(state),
	}
}

// Process calls the actor with one packet. It returns the packets in order: those sent during the call, then that of the
// result, if it has a message. For a call that fails it returns the packets sent before, and an error with the actor's
// text. Numbers in packets are of the kinds that [Actor].State has.
func (actor *Actor) Process(payload Packet) ([]Packet, error) {
	metadata, err := Metadata()
	if err != nil {
		return nil, err
	}
	encoding, ok := encodings[metadata.Encoding]
	if !ok {
		return nil, errors.New("reflowtest: encoding " + metadata.Encoding + " is not known, expected msgpack or none")
	}
	input, err := encoding.marshal(actor.context(payload))
	if err != nil {
		return nil, err
	}
	call := &host.Actor{Given: input, State: make(map[string][]byte, len(actor.State))}
	for key, value := range actor.State {
		if call.State[key], err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	host.Current = call
	code := reflow.Process()

	packets, err := sentPackets(call)
	if err != nil {
		return packets, err
	}
	actor.State = make(map[string]interface{}, len(call.State))
	for key, text := range call.State {
		if actor.State[key], err = unmarshalJSON(text); err != nil {
			return packets, err
		}
	}
	if code != 0 {
		return packets, errors.New(call.Error)
	}
	result, err := encoding.unmarshal(call.Output)
	if err != nil {
		return packets, err
	}
	whole, _ := result.(map[string]interface{})
	if state, ok := whole["state"].(map[string]interface{}); ok {
		actor.State = state
	}
	if outputs, _ := whole["outputs"].(map[string]interface{}); len(outputs) > 0 {
		packets = append(packets, toPacket(outputs))
	}
	return packets, nil
}

// Metadata returns the output of get_metadata.
func Metadata() (metadata reflow.PluginMetadata, err error) {
	call := &host.Actor{}
	host.Current = call
	if reflow.GetMetadata() != 0 {
		return metadata, errors.New(call.Error)
	}
	return metadata, json.Unmarshal(call.Output, &metadata)
}

// encodings holds how a host writes a context and reads a result, by the name in the metadata.
var encodings = map[string]struct {
	marshal   func(value interface{}) ([]byte, error)
	unmarshal func(encoded []byte) (interface{}, error)
}{
	"": {json.Marshal, unmarshalJSON},
	"msgpack": {
		func(value interface{}) ([]byte, error) { return msgp.AppendIntf(nil, value) },
		func(encoded []byte) (interface{}, error) {
			value, _, err := msgp.ReadIntfBytes(encoded)
			return value, err
		},
	},
}

func unmarshalJSON(text []byte) (value interface{}, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return value, decoder.Decode(&value)
}

func (actor *Actor) context(payload Packet) map[string]interface{} {
	messages := make(map[string]interface{}, len(payload))
	for port, message := range payload {
		messages[port] = message.ToSerializable()
	}
	var namespace interface{}
	if actor.Config.Namespace != nil {
		namespace = *actor.Config.Namespace
	}
	return map[string]interface{}{
		"payload": messages,
		"config": map[string]interface{}{
			"node_id":      actor.Config.NodeID,
			"component":    actor.Config.Component,
			"resolved_env": actor.Config.ResolvedEnv,
			"config":       actor.Config.Config,
			"namespace":    namespace,
		},
		"state": actor.State,
	}
}

func sentPackets(call *host.Actor) ([]Packet, error) {
	var packets []Packet
	for _, text := range call.Sent {
		value, err := unmarshalJSON(text)
		if err != nil {
			return packets, err
		}
		packet := Packet{}
		for port, value := range value.(map[string]interface{}) {
			packet[port] = toMessage(value)
		}
		packets = append(packets, packet)
	}
	return packets, nil
}

// toPacket reads the outputs of a result. It skips outputs without a type, as hosts do.
func toPacket(outputs map[string]interface{}) Packet {
	packet := Packet{}
	for port, output := range outputs {
		message, _ := output.(map[string]interface{})
		if kind, ok := message["type"].(string); ok {
			packet[port] = reflow.Message{Type: kind, Data: message["data"]}
		}
	}
	return packet
}

// toMessage makes the message that hosts make of a plain JSON value.
func toMessage(value interface{}) reflow.Message {
	switch value := value.(type) {
	case bool:
		return reflow.NewBooleanMessage(value)
	case json.Number:
		if _, err := value.Int64(); err == nil && value != "-0" {
			return reflow.Message{Type: "Integer", Data: value}
		}
		return reflow.Message{Type: "Float", Data: value}
	case string:
		return reflow.NewStringMessage(value)
	case []interface{}:
		return reflow.NewArrayMessage(value)
	case map[string]interface{}:
		return reflow.NewObjectMessage(value)
	}
	return reflow.NewOptionalMessage(nil)
}

func orEmpty(object map[string]interface{}) map[string]interface{} {
	if object == nil {
		return map[string]interface{}{}
	}
	return object
}

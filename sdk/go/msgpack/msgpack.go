// Package msgpack lets an actor exchange context and result as MessagePack instead of JSON: smaller messages, bytes as they
// are, and numbers that keep their kind and all their bits. Metadata and host functions stay JSON.
package msgpack

import (
	"encoding/json"
	"errors"
	"strconv"

	reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"
	"github.com/tinylib/msgp/msgp"
)

// RegisterPlugin is reflow.RegisterPlugin for an actor whose metadata says "encoding": "msgpack". In its context an
// integer is an int64 (a uint64 from 2^63 on), a float a float64, and a Stream has []byte as data.
func RegisterPlugin(metadata reflow.PluginMetadata, process reflow.ProcessFunc) {
	reflow.RegisterPluginWithCodec(metadata, process, Codec)
}

// Codec is the codec that RegisterPlugin uses.
var Codec = reflow.Codec{Encoding: "msgpack", Unmarshal: unmarshal, Marshal: marshal}

type object = map[string]interface{}

func unmarshal(input []byte) (context reflow.ActorContext, err error) {
	value, rest, err := msgp.ReadIntfBytes(input)
	if err != nil {
		return context, err
	}
	if len(rest) > 0 {
		return context, errors.New("bytes after the end of the context")
	}
	whole, ok := value.(object)
	if !ok {
		return context, errors.New("the context is not a map")
	}
	context.State = whole["state"]
	context.Payload = map[string]reflow.Message{}
	payload, _ := whole["payload"].(object)
	for port, item := range payload {
		message, _ := item.(object)
		kind, ok := message["type"].(string)
		if !ok {
			return context, errors.New("the message of port " + port + " has no type")
		}
		context.Payload[port] = reflow.Message{Type: kind, Data: message["data"]}
	}
	config, _ := whole["config"].(object)
	context.Config.NodeID, _ = config["node_id"].(string)
	context.Config.Component, _ = config["component"].(string)
	context.Config.Config, _ = config["config"].(object)
	if namespace, ok := config["namespace"].(string); ok {
		context.Config.Namespace = &namespace
	}
	context.Config.ResolvedEnv = map[string]string{}
	env, _ := config["resolved_env"].(object)
	for key, item := range env {
		value, ok := item.(string)
		if !ok {
			return context, errors.New("resolved_env." + key + " is not a text")
		}
		context.Config.ResolvedEnv[key] = value
	}
	return context, nil
}

func marshal(result reflow.ActorResult) ([]byte, error) {
	outputs := make(object, len(result.Outputs))
	for port, output := range result.Outputs {
		outputs[port] = withBytes(plain(output))
	}
	whole := object{"outputs": outputs}
	if result.State != nil {
		whole["state"] = plain(result.State)
	}
	return msgp.AppendIntf(nil, whole)
}

// withBytes gives a Stream its bytes, of which Message.ToSerializable made numbers for JSON.
func withBytes(output interface{}) interface{} {
	message, ok := output.(object)
	if !ok || message["type"] != "Stream" {
		return output
	}
	bytes, ok := reflow.Message{Type: "Stream", Data: message["data"]}.Bytes()
	if !ok {
		return output
	}
	return object{"type": "Stream", "data": bytes}
}

// plain replaces the values that msgp would write as another kind or refuse: numbers of JSON are text to it.
func plain(value interface{}) interface{} {
	switch value := value.(type) {
	case json.Number:
		if integer, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			return integer
		}
		if integer, err := strconv.ParseUint(string(value), 10, 64); err == nil {
			return integer
		}
		if float, err := value.Float64(); err == nil {
			return float
		}
	case reflow.Message:
		return plain(value.ToSerializable())
	case object:
		members := make(object, len(value))
		for key, member := range value {
			members[key] = plain(member)
		}
		return members
	case []interface{}:
		items := make([]interface{}, len(value))
		for index, item := range value {
			items[index] = plain(item)
		}
		return items
	}
	return value
}

package reflow_test

import reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"

// The API of Reflow's SDK, with its types: actors written for it compile.
var (
	_ func() reflow.Message              = reflow.NewFlowMessage
	_ func(interface{}) reflow.Message   = reflow.NewEventMessage
	_ func(bool) reflow.Message          = reflow.NewBooleanMessage
	_ func(int64) reflow.Message         = reflow.NewIntegerMessage
	_ func(float64) reflow.Message       = reflow.NewFloatMessage
	_ func(string) reflow.Message        = reflow.NewStringMessage
	_ func(interface{}) reflow.Message   = reflow.NewObjectMessage
	_ func([]interface{}) reflow.Message = reflow.NewArrayMessage
	_ func([]byte) reflow.Message        = reflow.NewStreamMessage
	_ func(interface{}) reflow.Message   = reflow.NewOptionalMessage
	_ func(interface{}) reflow.Message   = reflow.NewAnyMessage
	_ func(string) reflow.Message        = reflow.NewErrorMessage
	_ func(reflow.Message) interface{}   = reflow.Message.ToSerializable

	_ func(*reflow.ActorConfig, string) (string, bool)  = (*reflow.ActorConfig).GetString
	_ func(*reflow.ActorConfig, string) (float64, bool) = (*reflow.ActorConfig).GetFloat
	_ func(*reflow.ActorConfig, string) (int64, bool)   = (*reflow.ActorConfig).GetInt
	_ func(*reflow.ActorConfig, string) (bool, bool)    = (*reflow.ActorConfig).GetBool
	_ func(*reflow.ActorConfig, string) (string, bool)  = (*reflow.ActorConfig).GetEnv

	_ func(name, description, portType string, required bool) reflow.PortDefinition = reflow.NewPort
	_ func(name, description, portType string) reflow.PortDefinition                = reflow.NewRequiredPort
	_ func(name, description, portType string) reflow.PortDefinition                = reflow.NewOptionalPort

	_ func(reflow.PluginMetadata, reflow.ProcessFunc) = reflow.RegisterPlugin
	_ func() int32                                    = reflow.GetMetadata
	_ func() int32                                    = reflow.Process
	_ func(map[string]interface{}) error              = reflow.SendOutput
	_ func(map[string]reflow.Message) error           = reflow.SendOutputMessages
	_ func(string) (interface{}, error)               = reflow.GetState
	_ func(string, interface{}) error                 = reflow.SetState
	_ string                                          = reflow.ExportTemplate

	_ = reflow.Message{Type: "Any", Data: nil}
	_ = reflow.ActorConfig{NodeID: "", Component: "", ResolvedEnv: map[string]string{}, Config: map[string]interface{}{}, Namespace: new(string)}
	_ = reflow.ActorContext{Payload: map[string]reflow.Message{}, Config: reflow.ActorConfig{}, State: interface{}(nil)}
	_ = reflow.ActorResult{Outputs: map[string]interface{}{}, State: interface{}(nil)}
	_ = reflow.PortDefinition{Name: "", Description: "", PortType: "", Required: true}
	_ = reflow.PluginMetadata{Component: "", Description: "", Inports: nil, Outports: nil, ConfigSchema: interface{}(nil)}
)

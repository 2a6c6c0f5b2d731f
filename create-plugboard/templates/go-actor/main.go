package main

import (
	"fmt"

	reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"
	_ "github.com/darmie/reflow/reflow_wasm_go/sdk/exports"
)

func init() {
	reflow.UseNumber()
	reflow.RegisterPlugin(reflow.PluginMetadata{
		Component:   "{{component}}",
		Description: "Adds up numbers",
		Inports:     []reflow.PortDefinition{reflow.NewRequiredPort("number", "The number to add", "Integer")},
		Outports:    []reflow.PortDefinition{reflow.NewOptionalPort("total", "The sum of all numbers", "Integer")},
		ConfigSchema: map[string]interface{}{
			"type":       "object",
			"properties": map[string]interface{}{"start": map[string]interface{}{"type": "integer", "default": 0}},
		},
	}, add)
}

func add(context reflow.ActorContext) (reflow.ActorResult, error) {
	message := context.Payload["number"]
	number, isInteger := reflow.Int64(message.Data)
	if message.Type != "Integer" || !isInteger {
		return reflow.ActorResult{}, fmt.Errorf("number: expected an Integer, got %v", message)
	}
	state, _ := context.State.(map[string]interface{})
	before, isKept := reflow.Int64(state["total"])
	if !isKept {
		before, _ = context.Config.GetInt("start")
	}
	total := before + number
	if (total > before) != (number > 0) && number != 0 {
		return reflow.ActorResult{}, fmt.Errorf("total: more than 64 bits")
	}
	return reflow.ActorResult{
		Outputs: map[string]interface{}{"total": reflow.NewIntegerMessage(total).ToSerializable()},
		State:   map[string]interface{}{"total": total},
	}, nil
}

func main() {}

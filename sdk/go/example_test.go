package reflow_test

import (
	"encoding/json"
	"errors"
	"fmt"

	reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"
	"github.com/darmie/reflow/reflow_wasm_go/sdk/reflowtest"
)

func double(context reflow.ActorContext) (reflow.ActorResult, error) {
	message, ok := context.Payload["number"]
	if !ok || message.Type != "Integer" {
		return reflow.ActorResult{}, errors.New("number: expected an Integer")
	}
	number, _ := reflow.Int64(message.Data)
	return reflow.ActorResult{
		Outputs: map[string]interface{}{"doubled": reflow.NewIntegerMessage(number * 2).ToSerializable()},
	}, nil
}

// An actor registers itself in an init function. In a test it runs without WebAssembly.
func ExampleRegisterPlugin() {
	reflow.RegisterPlugin(reflow.PluginMetadata{
		Component:   "Doubler",
		Description: "Doubles a number",
		Inports:     []reflow.PortDefinition{reflow.NewRequiredPort("number", "Any number", "Integer")},
		Outports:    []reflow.PortDefinition{reflow.NewOptionalPort("doubled", "Twice as much", "Integer")},
	}, double)

	actor := reflowtest.NewActor(nil, nil)
	packets, err := actor.Process(reflowtest.Packet{"number": reflow.NewIntegerMessage(21)})
	fmt.Println(packets, err)
	_, err = actor.Process(reflowtest.Packet{"number": reflow.NewStringMessage("21")})
	fmt.Println(err)
	// Output:
	// [map[doubled:{Integer 42}]] <nil>
	// Actor processing error: number: expected an Integer
}

// Host functions work while the call runs; a State in the result would replace what SetState wrote.
func ExampleSendOutput() {
	reflow.RegisterPlugin(reflow.PluginMetadata{Component: "Counter"}, func(reflow.ActorContext) (reflow.ActorResult, error) {
		before, err := reflow.GetState("count")
		if err != nil {
			return reflow.ActorResult{}, err
		}
		count, _ := reflow.Int64(before) // 0 for nil
		if err := reflow.SetState("count", count+1); err != nil {
			return reflow.ActorResult{}, err
		}
		err = reflow.SendOutput(map[string]interface{}{"count": count + 1, "status": "counted"})
		return reflow.ActorResult{}, err
	})
	actor := reflowtest.NewActor(nil, map[string]interface{}{"count": 6})
	packets, err := actor.Process(nil)
	fmt.Println(packets, actor.State, err)
	// Output: [map[count:{Integer 7} status:{String counted}]] map[count:7] <nil>
}

func ExampleSendOutputMessages() {
	reflow.RegisterPlugin(reflow.PluginMetadata{Component: "Sender"}, func(reflow.ActorContext) (reflow.ActorResult, error) {
		return reflow.ActorResult{}, reflow.SendOutputMessages(map[string]reflow.Message{
			"half":  reflow.NewFloatMessage(2),
			"bytes": reflow.NewStreamMessage([]byte{0, 255}),
		})
	})
	packets, err := reflowtest.NewActor(nil, nil).Process(nil)
	fmt.Println(packets, err)
	// Output: [map[bytes:{Array [0 255]} half:{Float 2.0}]] <nil>
}

func ExampleActorConfig() {
	config := reflow.ActorConfig{
		Config:      map[string]interface{}{"factor": 2.7, "name": "x", "loud": true},
		ResolvedEnv: map[string]string{"KEY": "value"},
	}
	fmt.Println(config.GetInt("factor"))
	fmt.Println(config.GetFloat("factor"))
	fmt.Println(config.GetString("name"))
	fmt.Println(config.GetBool("loud"))
	fmt.Println(config.GetEnv("KEY"))
	fmt.Println(config.GetString("missing"))
	// Output:
	// 2 true
	// 2.7 true
	// x true
	// true true
	// value true
	//  false
}

func ExampleMessage_ToSerializable() {
	for _, message := range []reflow.Message{
		reflow.NewFlowMessage(),
		reflow.NewFloatMessage(0.5),
		reflow.NewArrayMessage([]interface{}{1, "two"}),
		reflow.NewStreamMessage([]byte{0, 255}),
		reflow.NewOptionalMessage(nil),
	} {
		text, _ := json.Marshal(message.ToSerializable())
		fmt.Println(string(text))
	}
	// Output:
	// {"data":null,"type":"Flow"}
	// {"data":0.5,"type":"Float"}
	// {"data":[1,"two"],"type":"Array"}
	// {"data":[0,255],"type":"Stream"}
	// {"data":null,"type":"Optional"}
}

func ExampleInt64() {
	fmt.Println(reflow.Int64(json.Number("9007199254740993")))
	fmt.Println(reflow.Int64(-2.7))
	fmt.Println(reflow.Int64("5"))
	// Output:
	// 9007199254740993 true
	// -2 true
	// 0 false
}

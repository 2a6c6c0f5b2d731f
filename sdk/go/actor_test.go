package reflow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"
	"github.com/darmie/reflow/reflow_wasm_go/sdk/internal/host"
	"github.com/darmie/reflow/reflow_wasm_go/sdk/reflowtest"
)

// The tests of this package share one registered actor, so each registers its own first.
func register(process reflow.ProcessFunc) {
	reflow.RegisterPlugin(reflow.PluginMetadata{Component: "Test"}, process)
}

func nothing(reflow.ActorContext) (reflow.ActorResult, error) { return reflow.ActorResult{}, nil }

func fakeHost(input string) *host.Actor {
	actor := &host.Actor{Given: []byte(input), State: map[string][]byte{}}
	host.Current = actor
	return actor
}

// call gives raw text to the actor and returns its code, output and error text.
func call(input string) (int32, string, string) {
	actor := fakeHost(input)
	code := reflow.Process()
	return code, string(actor.Output), actor.Error
}

func TestMetadataHasPortsAlsoWhereNilWasGiven(t *testing.T) {
	reflow.RegisterPlugin(reflow.PluginMetadata{
		Component:   "Doubler",
		Description: "Doubles a number",
		Inports:     []reflow.PortDefinition{reflow.NewRequiredPort("number", "Any number", "Integer")},
		Outports:    nil,
	}, nothing)
	actor := fakeHost("")
	if code := reflow.GetMetadata(); code != 0 {
		t.Fatalf("expected code 0, got %d: %s", code, actor.Error)
	}
	expected := `{"component":"Doubler","description":"Doubles a number",` +
		`"inports":[{"name":"number","description":"Any number","port_type":"Integer","required":true}],"outports":[]}`
	if got := string(actor.Output); got != expected {
		t.Errorf("expected %s, got %s", expected, got)
	}
}

func TestPortsAreRequiredOrOptional(t *testing.T) {
	for _, row := range []struct{ got, expected reflow.PortDefinition }{
		{reflow.NewPort("a", "b", "Any", true), reflow.NewRequiredPort("a", "b", "Any")},
		{reflow.NewPort("a", "b", "Any", false), reflow.NewOptionalPort("a", "b", "Any")},
	} {
		if row.got != row.expected {
			t.Errorf("expected %v, got %v", row.expected, row.got)
		}
	}
}

func TestAContextHasMessagesConfigAndState(t *testing.T) {
	var seen reflow.ActorContext
	register(func(context reflow.ActorContext) (reflow.ActorResult, error) {
		seen = context
		return reflow.ActorResult{}, nil
	})
	code, output, _ := call(`{"payload":{"in":{"type":"Integer","data":10}},"config":{"node_id":"n1","component":"C",` +
		`"resolved_env":{"KEY":"v"},"config":{"factor":3},"namespace":"space"},"state":{"count":1}}`)
	if code != 0 || output != `{"outputs":{}}` {
		t.Errorf("expected an empty result, got %d %s", code, output)
	}
	count, _ := seen.State.(map[string]interface{})["count"].(float64)
	factor, _ := seen.Config.GetInt("factor")
	config := seen.Config
	got := fmt.Sprintln(seen.Payload["in"], config.NodeID, config.Component, config.ResolvedEnv, factor, *config.Namespace, count)
	if expected := "{Integer 10} n1 C map[KEY:v] 3 space 1\n"; got != expected {
		t.Errorf("expected %s, got %s", expected, got)
	}
	// Upstream's SDK accepts contexts without any key.
	for _, input := range []string{"{}", "null", `{"payload":null}`} {
		if code, _, text := call(input); code != 0 {
			t.Errorf("%s: expected code 0, got %d: %s", input, code, text)
		}
	}
}

func TestFailuresHaveATextAndCode1(t *testing.T) {
	for _, row := range []struct {
		name, input, text string
		process           reflow.ProcessFunc
	}{
		{"an error", "{}", "Actor processing error: bad number", func(reflow.ActorContext) (reflow.ActorResult, error) {
			return reflow.ActorResult{}, errors.New("bad number")
		}},
		{"no JSON", "{", "Failed to unmarshal actor context: ", nothing},
		{"a variable that is not a text", `{"config":{"resolved_env":{"A":1}}}`, "Failed to unmarshal actor context: ", nothing},
		{"NaN", "{}", "Failed to marshal actor result: ", func(reflow.ActorContext) (reflow.ActorResult, error) {
			return reflow.ActorResult{State: map[string]interface{}{"x": math.NaN()}}, nil
		}},
		{"no actor", "{}", "no actor is registered: call RegisterPlugin in an init function", nil},
	} {
		register(row.process)
		code, output, text := call(row.input)
		if code != 1 || output != "" || !strings.HasPrefix(text, row.text) {
			t.Errorf("%s: expected code 1 and %q, got %d, %q and output %q", row.name, row.text, code, text, output)
		}
	}
	reflow.RegisterPlugin(reflow.PluginMetadata{ConfigSchema: math.NaN()}, nothing)
	if _, err := reflowtest.Metadata(); err == nil || !strings.HasPrefix(err.Error(), "Failed to marshal plugin metadata: ") {
		t.Errorf("expected an error about the metadata, got %v", err)
	}
}

func TestMessagesAreSentAsPlainValues(t *testing.T) {
	for _, row := range messages {
		register(func(reflow.ActorContext) (reflow.ActorResult, error) {
			return reflow.ActorResult{}, reflow.SendOutputMessages(map[string]reflow.Message{"out": row.message})
		})
		actor := fakeHost("{}")
		if code := reflow.Process(); code != 0 {
			t.Fatal(actor.Error)
		}
		if got, expected := string(actor.Sent[0]), `{"out":`+row.sent+`}`; got != expected {
			t.Errorf("%v: expected %s, got %s", row.message, expected, got)
		}
	}
}

func TestStateIsLiveAndPacketsAreInOrder(t *testing.T) {
	register(func(context reflow.ActorContext) (reflow.ActorResult, error) {
		before, err := reflow.GetState("count")
		if err != nil {
			return reflow.ActorResult{}, err
		}
		count, _ := reflow.Int64(before)
		if err := reflow.SetState("count", count+1); err != nil {
			return reflow.ActorResult{}, err
		}
		after, _ := reflow.GetState("count")
		missing, _ := reflow.GetState("missing")
		if missing != nil {
			return reflow.ActorResult{}, errors.New("a missing key has a value")
		}
		if err := reflow.SendOutput(map[string]interface{}{"before": before, "after": after}); err != nil {
			return reflow.ActorResult{}, err
		}
		outputs := map[string]interface{}{"in": context.Payload["in"].ToSerializable()}
		return reflow.ActorResult{Outputs: outputs}, nil
	})
	actor := reflowtest.NewActor(nil, map[string]interface{}{"count": 5, "kept": true})
	packets, err := actor.Process(reflowtest.Packet{"in": reflow.NewStringMessage("x")})
	if err != nil {
		t.Fatal(err)
	}
	if got, expected := fmt.Sprint(packets), "[map[after:{Integer 6} before:{Integer 5}] map[in:{String x}]]"; got != expected {
		t.Errorf("expected %s, got %s", expected, got)
	}
	if got, expected := fmt.Sprint(actor.State), "map[count:6 kept:true]"; got != expected {
		t.Errorf("expected %s, got %s", expected, got)
	}
}

func TestAReturnedStateReplacesAll(t *testing.T) {
	register(func(reflow.ActorContext) (reflow.ActorResult, error) {
		if err := reflow.SetState("lost", 1); err != nil {
			return reflow.ActorResult{}, err
		}
		return reflow.ActorResult{State: map[string]interface{}{"only": 1}}, nil
	})
	actor := reflowtest.NewActor(nil, map[string]interface{}{"gone": 1})
	if _, err := actor.Process(nil); err != nil || fmt.Sprint(actor.State) != "map[only:1]" {
		t.Errorf("expected map[only:1], got %v %v", actor.State, err)
	}
}

func TestValuesThatJSONLacksAreRefusedBeforeTheHostSeesThem(t *testing.T) {
	actor := fakeHost("")
	for name, err := range map[string]error{
		"SetState":           reflow.SetState("key", math.NaN()),
		"SendOutput":         reflow.SendOutput(map[string]interface{}{"out": func() {}}),
		"SendOutputMessages": reflow.SendOutputMessages(map[string]reflow.Message{"out": reflow.NewFloatMessage(math.Inf(1))}),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "failed to marshal ") {
			t.Errorf("%s: expected an error, got %v", name, err)
		}
	}
	if len(actor.State)+len(actor.Sent) != 0 {
		t.Errorf("expected no call of the host, got %v", actor)
	}
	actor.State["bad"] = []byte("{")
	if value, err := reflow.GetState("bad"); err == nil {
		t.Errorf("expected an error, got %v", value)
	}
}

// Last in this file: UseNumber holds for the rest of the process.
func TestUseNumberKeepsEveryDigit(t *testing.T) {
	reflow.UseNumber()
	register(func(context reflow.ActorContext) (reflow.ActorResult, error) {
		live, err := reflow.GetState("count")
		if err != nil {
			return reflow.ActorResult{}, err
		}
		return reflow.ActorResult{
			Outputs: map[string]interface{}{
				"in":   context.Payload["in"].ToSerializable(),
				"live": reflow.NewAnyMessage(live).ToSerializable(),
			},
			State: context.State,
		}, nil
	})
	actor := reflowtest.NewActor(map[string]interface{}{"big": json.Number("9223372036854775807")}, map[string]interface{}{"count": int64(9007199254740993)})
	packets, err := actor.Process(reflowtest.Packet{"in": {Type: "Float", Data: json.Number("1.0")}})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(packets, actor.State)
	if expected := "[map[in:{Float 1.0} live:{Any 9007199254740993}]] map[count:9007199254740993]"; got != expected {
		t.Errorf("expected %s, got %s", expected, got)
	}
	if big, ok := actor.Config.GetInt("big"); !ok || big != math.MaxInt64 {
		t.Errorf("GetInt: expected 9223372036854775807, got %v %v", big, ok)
	}
}

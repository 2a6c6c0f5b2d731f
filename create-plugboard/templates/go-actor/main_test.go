package main

import (
	"math"
	"strings"
	"testing"

	reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"
	"github.com/darmie/reflow/reflow_wasm_go/sdk/reflowtest"
)

// run sends one message to an actor with this total.
func run(message reflow.Message, total int64) ([]reflowtest.Packet, *reflowtest.Actor, error) {
	actor := reflowtest.NewActor(nil, map[string]interface{}{"total": total})
	packets, err := actor.Process(reflowtest.Packet{"number": message})
	return packets, actor, err
}

func TestAddsANumberToTheTotal(t *testing.T) {
	packets, actor, err := run(reflow.NewIntegerMessage(2), 40)
	if err != nil {
		t.Fatal(err)
	}
	for place, value := range map[string]interface{}{"packet": packets[0]["total"].Data, "state": actor.State["total"]} {
		if total, _ := reflow.Int64(value); total != 42 {
			t.Errorf("%s: expected 42, got %v", place, value)
		}
	}
}

func TestRefusesOtherMessagesAndATotalOfTooManyBits(t *testing.T) {
	_, _, err := run(reflow.NewFlowMessage(), 0)
	if err == nil || !strings.Contains(err.Error(), "number: expected an Integer") {
		t.Errorf("expected an error, got %v", err)
	}
	_, _, err = run(reflow.NewIntegerMessage(1), math.MaxInt64)
	if err == nil || !strings.Contains(err.Error(), "more than 64 bits") {
		t.Errorf("expected an error, got %v", err)
	}
}

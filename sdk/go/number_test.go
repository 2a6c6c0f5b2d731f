package reflow_test

import (
	"encoding/json"
	"math"
	"testing"

	reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"
)

func TestNumbersOfAnyKindAreReadAsIntegersAndFloats(t *testing.T) {
	type integer struct {
		value int64
		ok    bool
	}
	type float struct {
		value float64
		ok    bool
	}
	rows := []struct {
		given   interface{}
		integer integer
		float   float
	}{
		{json.Number("9007199254740993"), integer{9007199254740993, true}, float{9007199254740992, true}},
		{json.Number("-9223372036854775808"), integer{math.MinInt64, true}, float{math.MinInt64, true}},
		{json.Number("9223372036854775808"), integer{0, false}, float{9223372036854775808, true}},
		{json.Number("2.7"), integer{2, true}, float{2.7, true}},
		{json.Number("-2.7"), integer{-2, true}, float{-2.7, true}},
		{json.Number("1e3"), integer{1000, true}, float{1000, true}},
		{json.Number("1e400"), integer{0, false}, float{math.Inf(1), false}},
		{2.7, integer{2, true}, float{2.7, true}},
		{float32(0.5), integer{0, true}, float{0.5, true}},
		{float64(math.MinInt64), integer{math.MinInt64, true}, float{math.MinInt64, true}},
		{9223372036854775808.0, integer{0, false}, float{9223372036854775808, true}},
		{math.Inf(1), integer{0, false}, float{math.Inf(1), true}},
		{int(-1), integer{-1, true}, float{-1, true}},
		{int8(-8), integer{-8, true}, float{-8, true}},
		{int16(-16), integer{-16, true}, float{-16, true}},
		{int32(-32), integer{-32, true}, float{-32, true}},
		{int64(math.MaxInt64), integer{math.MaxInt64, true}, float{9223372036854775807, true}},
		{uint(7), integer{7, true}, float{7, true}},
		{uint8(255), integer{255, true}, float{255, true}},
		{uint16(65535), integer{65535, true}, float{65535, true}},
		{uint32(1), integer{1, true}, float{1, true}},
		{uint64(math.MaxInt64), integer{math.MaxInt64, true}, float{9223372036854775807, true}},
		{uint64(math.MaxUint64), integer{-1, false}, float{18446744073709551615, true}},
		{"5", integer{0, false}, float{0, false}},
		{true, integer{0, false}, float{0, false}},
		{nil, integer{0, false}, float{0, false}},
	}
	for _, row := range rows {
		value, ok := reflow.Int64(row.given)
		if ok != row.integer.ok || (ok && value != row.integer.value) {
			t.Errorf("Int64(%T %v): expected %v, got %v %v", row.given, row.given, row.integer, value, ok)
		}
		number, ok := reflow.Float64(row.given)
		if ok != row.float.ok || (ok && number != row.float.value) {
			t.Errorf("Float64(%T %v): expected %v, got %v %v", row.given, row.given, row.float, number, ok)
		}
	}
	if value, ok := reflow.Int64(math.NaN()); ok {
		t.Errorf("Int64(NaN): expected no integer, got %v", value)
	}
}

func TestSettingsAreReadByKind(t *testing.T) {
	config := reflow.ActorConfig{
		ResolvedEnv: map[string]string{"KEY": "value"},
		Config:      map[string]interface{}{"text": "a", "number": 2.7, "yes": true, "null": nil},
	}
	if text, ok := config.GetString("text"); !ok || text != "a" {
		t.Errorf("GetString: got %q %v", text, ok)
	}
	if number, ok := config.GetFloat("number"); !ok || number != 2.7 {
		t.Errorf("GetFloat: got %v %v", number, ok)
	}
	var number int64
	number, ok := config.GetInt("number")
	if !ok || number != 2 {
		t.Errorf("GetInt: got %v %v", number, ok)
	}
	if yes, ok := config.GetBool("yes"); !ok || !yes {
		t.Errorf("GetBool: got %v %v", yes, ok)
	}
	if value, ok := config.GetEnv("KEY"); !ok || value != "value" {
		t.Errorf("GetEnv: got %q %v", value, ok)
	}
	for _, key := range []string{"null", "missing"} {
		_, text := config.GetString(key)
		_, float := config.GetFloat(key)
		_, integer := config.GetInt(key)
		_, boolean := config.GetBool(key)
		_, env := config.GetEnv(key)
		if text || float || integer || boolean || env {
			t.Errorf("%s: expected no value of any kind", key)
		}
	}
}

package reflow

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

var exactNumbers bool

// UseNumber makes all later JSON numbers a [json.Number], which is the text of the number, instead of a float64: in
// payload, config and state, and from [GetState]. A float64 holds integers exactly up to 2^53 only, and 1.0 becomes 1.
// [Int64] and [Float64] read both kinds. Call it in an init function.
func UseNumber() { exactNumbers = true }

// Int64 returns a number as an integer: exactly from an integer type or an integral [json.Number], truncated toward zero
// from a float. False: the value is not a number, or is outside the range of int64.
func Int64(value interface{}) (int64, bool) {
	switch number := value.(type) {
	case json.Number:
		if integer, err := strconv.ParseInt(string(number), 10, 64); err == nil {
			return integer, true
		}
		float, err := number.Float64()
		return truncate(float, err == nil)
	case float64:
		return truncate(number, true)
	case float32:
		return truncate(float64(number), true)
	case int64:
		return number, true
	case int:
		return int64(number), true
	case int8:
		return int64(number), true
	case int16:
		return int64(number), true
	case int32:
		return int64(number), true
	case uint8:
		return int64(number), true
	case uint16:
		return int64(number), true
	case uint32:
		return int64(number), true
	case uint:
		return int64(number), uint64(number) <= math.MaxInt64
	case uint64:
		return int64(number), number <= math.MaxInt64
	}
	return 0, false
}

// Float64 returns a number as the nearest float64. False: the value is not a number, or is too large for a float64.
func Float64(value interface{}) (float64, bool) {
	switch number := value.(type) {
	case json.Number:
		float, err := number.Float64()
		return float, err == nil
	case float64:
		return number, true
	case float32:
		return float64(number), true
	case uint:
		return float64(number), true
	case uint64:
		return float64(number), true
	}
	integer, ok := Int64(value)
	return float64(integer), ok
}

// truncate drops the fraction. -2^63 and 2^63 are exact floats; 2^63 is the first one above int64.
func truncate(number float64, ok bool) (int64, bool) {
	if !ok || !(number >= math.MinInt64 && number < -math.MinInt64) {
		return 0, false
	}
	return int64(number), true
}

// floatNumber returns the text of a float with a fraction or an exponent. NaN and infinity stay floats, which
// encoding/json refuses.
func floatNumber(number float64) interface{} {
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return number
	}
	text := strconv.FormatFloat(number, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return json.Number(text)
}

// unmarshal is json.Unmarshal with the kind of numbers that was chosen.
func unmarshal(text []byte, target interface{}) error {
	if !exactNumbers {
		return json.Unmarshal(text, target)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(target)
}

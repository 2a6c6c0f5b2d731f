package reflow

// Message is a message on a port. On the wire it is {"type": …, "data": …}.
//
// Data holds Go values as encoding/json makes them: bool, string, float64, []interface{}, map[string]interface{} or nil.
// After [UseNumber] a number is a [json.Number] instead of a float64.
type Message struct {
	Type string      `json:"type"`
	Data interface{} `json:"data"`
}

// NewFlowMessage returns a control signal without data.
func NewFlowMessage() Message { return Message{Type: "Flow"} }

// NewEventMessage returns an event with any JSON value as data.
func NewEventMessage(data interface{}) Message { return Message{Type: "Event", Data: data} }

// NewBooleanMessage returns a boolean.
func NewBooleanMessage(value bool) Message { return Message{Type: "Boolean", Data: value} }

// NewIntegerMessage returns a 64-bit integer. All its bits are kept.
func NewIntegerMessage(value int64) Message { return Message{Type: "Integer", Data: value} }

// NewFloatMessage returns a 64-bit float. JSON has no NaN and no infinity: with them, the call fails.
func NewFloatMessage(value float64) Message { return Message{Type: "Float", Data: value} }

// NewStringMessage returns a text, which has to be UTF-8.
func NewStringMessage(value string) Message { return Message{Type: "String", Data: value} }

// NewObjectMessage returns a JSON object: a map with string keys, or a struct.
func NewObjectMessage(data interface{}) Message { return Message{Type: "Object", Data: data} }

// NewArrayMessage returns an array of any JSON values. A nil slice is an empty array.
func NewArrayMessage(data []interface{}) Message {
	if data == nil {
		data = []interface{}{}
	}
	return Message{Type: "Array", Data: data}
}

// NewStreamMessage returns bytes. On the wire they are an array of numbers, not base64.
func NewStreamMessage(data []byte) Message { return Message{Type: "Stream", Data: byteNumbers(data)} }

// NewOptionalMessage returns an optional value; nil is the absent one.
func NewOptionalMessage(data interface{}) Message { return Message{Type: "Optional", Data: data} }

// NewAnyMessage returns any JSON value.
func NewAnyMessage(data interface{}) Message { return Message{Type: "Any", Data: data} }

// NewErrorMessage returns an error text as a message. To fail the call instead, return an error from the [ProcessFunc].
func NewErrorMessage(text string) Message { return Message{Type: "Error", Data: text} }

// ToSerializable returns the form that [ActorResult].Outputs holds.
func (message Message) ToSerializable() interface{} {
	return map[string]interface{}{"type": message.Type, "data": message.wireData()}
}

// Bytes returns the bytes of a Stream message. False: the data is not an array of numbers from 0 to 255.
func (message Message) Bytes() ([]byte, bool) {
	switch data := message.Data.(type) {
	case []byte:
		return data, true
	case []int:
		bytes := make([]byte, len(data))
		for index, number := range data {
			if number < 0 || number > 255 {
				return nil, false
			}
			bytes[index] = byte(number)
		}
		return bytes, true
	case []interface{}:
		bytes := make([]byte, len(data))
		for index, item := range data {
			number, ok := Int64(item)
			if !ok || number < 0 || number > 255 {
				return nil, false
			}
			bytes[index] = byte(number)
		}
		return bytes, true
	}
	return nil, false
}

// wireData returns the data as the wire has it: encoding/json would write bytes as base64.
func (message Message) wireData() interface{} {
	if bytes, ok := message.Data.([]byte); ok && message.Type == "Stream" {
		return byteNumbers(bytes)
	}
	return message.Data
}

// plainValue returns the plain JSON value that [SendOutput] sends for a message. A Float keeps its fraction, also when it
// is whole: the host takes a number without one for an Integer.
func (message Message) plainValue() interface{} {
	switch data := message.wireData().(type) {
	case float64:
		if message.Type == "Float" {
			return floatNumber(data)
		}
		return data
	case nil:
		if message.Type == "Flow" {
			return "flow"
		}
		return nil
	default:
		return data
	}
}

func byteNumbers(bytes []byte) []int {
	numbers := make([]int, len(bytes))
	for index, number := range bytes {
		numbers[index] = int(number)
	}
	return numbers
}

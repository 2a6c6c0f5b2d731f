// Package host has the functions of the host that runs the actor, as bytes.
package host

// Host is the host of a plugin, or an [Actor] in tests.
type Host interface {
	Input() []byte
	SetOutput(output []byte)
	SetError(text string)
	// GetState returns JSON text: null for a missing key. Empty where a host returns no block for it.
	GetState(key string) []byte
	SetState(key string, value []byte)
	SendOutput(outputs []byte)
}

// Actor stands for the host in a test, with the data of one call.
type Actor struct {
	Given  []byte
	Output []byte
	Error  string
	// State holds JSON texts by key.
	State map[string][]byte
	// Sent holds the JSON texts of the packets sent, in order.
	Sent [][]byte
}

func (actor *Actor) Input() []byte           { return actor.Given }
func (actor *Actor) SetOutput(output []byte) { actor.Output = output }
func (actor *Actor) SetError(text string)    { actor.Error = text }

func (actor *Actor) GetState(key string) []byte {
	if value, ok := actor.State[key]; ok {
		return value
	}
	return []byte("null")
}

func (actor *Actor) SetState(key string, value []byte) { actor.State[key] = value }
func (actor *Actor) SendOutput(outputs []byte)         { actor.Sent = append(actor.Sent, outputs) }

package reflow

// ActorConfig is the configuration of the actor's node.
type ActorConfig struct {
	NodeID    string `json:"node_id"`
	Component string `json:"component"`
	// ResolvedEnv holds environment variables that the host resolved.
	ResolvedEnv map[string]string `json:"resolved_env"`
	// Config holds the settings of the node.
	Config    map[string]interface{} `json:"config"`
	Namespace *string                `json:"namespace"`
}

// GetString returns a setting that is a text.
func (config ActorConfig) GetString(key string) (string, bool) {
	value, ok := config.Config[key].(string)
	return value, ok
}

// GetFloat returns a setting that is a number.
func (config ActorConfig) GetFloat(key string) (float64, bool) { return Float64(config.Config[key]) }

// GetInt returns a setting that is a number, truncated toward zero. Beyond 2^53 it is exact after [UseNumber] only.
func (config ActorConfig) GetInt(key string) (int64, bool) { return Int64(config.Config[key]) }

// GetBool returns a setting that is a boolean.
func (config ActorConfig) GetBool(key string) (bool, bool) {
	value, ok := config.Config[key].(bool)
	return value, ok
}

// GetEnv returns a resolved environment variable.
func (config ActorConfig) GetEnv(key string) (string, bool) {
	value, ok := config.ResolvedEnv[key]
	return value, ok
}

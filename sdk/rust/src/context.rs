use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Message;

/// The input of one call.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// fn process_actor(context: ActorContext) -> Result<ActorResult, String> {
///     let count = context.state.get("count").and_then(|value| value.as_i64()).unwrap_or(0);
///     Ok(success_result("count", Message::Integer(count)))
/// }
///
/// let context = testing::context([], serde_json::json!({}), serde_json::json!({ "count": 5 }));
/// assert_eq!(process_actor(context)?.outputs["count"], Message::Integer(5));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActorContext {
    /// The messages, by inport.
    pub payload: HashMap<String, Message>,
    /// The settings of the node.
    pub config: ActorConfig,
    /// The state as it was before the call, an object.
    pub state: Value,
}

/// The settings of the node in the graph that the actor runs for.
///
/// Each getter returns `None` for a missing key and for a value of another type.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// let config = testing::context([], serde_json::json!({ "factor": 3, "unit": "m" }), serde_json::json!({})).config;
/// assert_eq!(config.get_number("factor"), Some(3.0));
/// assert_eq!(config.get_string("factor"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActorConfig {
    /// The id of the node.
    pub node_id: String,
    /// The name of the component that the node is of.
    pub component: String,
    /// The values of environment variables that the node asks for.
    pub resolved_env: HashMap<String, String>,
    /// The settings.
    pub config: HashMap<String, Value>,
    /// The name of the graph, where there are several.
    pub namespace: Option<String>,
}

impl ActorConfig {
    /// Returns a setting that is text.
    ///
    /// ```
    /// # use reflow_wasm_actor::*;
    /// # let context = testing::context([], serde_json::json!({ "unit": "m" }), serde_json::json!({}));
    /// assert_eq!(context.config.get_string("unit"), Some("m".to_string()));
    /// ```
    pub fn get_string(&self, key: &str) -> Option<String> {
        self.config.get(key)?.as_str().map(str::to_owned)
    }

    /// Returns a setting that is a number.
    ///
    /// ```
    /// # use reflow_wasm_actor::*;
    /// # let context = testing::context([], serde_json::json!({ "factor": 3 }), serde_json::json!({}));
    /// assert_eq!(context.config.get_number("factor"), Some(3.0));
    /// ```
    pub fn get_number(&self, key: &str) -> Option<f64> {
        self.config.get(key)?.as_f64()
    }

    /// Returns a setting that is a number without a fraction in its text: `3` is one, `3.0` is not.
    ///
    /// ```
    /// # use reflow_wasm_actor::*;
    /// # let context = testing::context([], serde_json::json!({ "size": 3, "float": 3.0 }), serde_json::json!({}));
    /// assert_eq!(context.config.get_integer("size"), Some(3));
    /// assert_eq!(context.config.get_integer("float"), None);
    /// ```
    pub fn get_integer(&self, key: &str) -> Option<i64> {
        self.config.get(key)?.as_i64()
    }

    /// Returns a setting that is true or false.
    ///
    /// ```
    /// # use reflow_wasm_actor::*;
    /// # let context = testing::context([], serde_json::json!({ "loud": true }), serde_json::json!({}));
    /// assert_eq!(context.config.get_bool("loud"), Some(true));
    /// ```
    pub fn get_bool(&self, key: &str) -> Option<bool> {
        self.config.get(key)?.as_bool()
    }

    /// Returns the value of an environment variable.
    ///
    /// ```
    /// # use reflow_wasm_actor::*;
    /// # let mut context = testing::context([], serde_json::json!({}), serde_json::json!({}));
    /// context.config.resolved_env.insert("KEY".to_string(), "secret".to_string());
    /// assert_eq!(context.config.get_env("KEY"), Some(&"secret".to_string()));
    /// ```
    pub fn get_env(&self, key: &str) -> Option<&String> {
        self.resolved_env.get(key)
    }

    /// Returns the setting that is text, else the environment variable of that name.
    ///
    /// ```
    /// # use reflow_wasm_actor::*;
    /// # let mut context = testing::context([], serde_json::json!({}), serde_json::json!({}));
    /// context.config.resolved_env.insert("KEY".to_string(), "secret".to_string());
    /// assert_eq!(context.config.get_config_or_env("KEY"), Some("secret".to_string()));
    /// ```
    pub fn get_config_or_env(&self, key: &str) -> Option<String> {
        self.get_string(key).or_else(|| self.get_env(key).cloned())
    }
}

/// The result of one call.
///
/// ```
/// use reflow_wasm_actor::*;
/// use std::collections::HashMap;
///
/// let result = ActorResult {
///     outputs: HashMap::from([("count".to_string(), Message::Integer(1))]),
///     state: Some(serde_json::json!({ "count": 1 })),
/// };
/// assert_eq!(serde_json::to_value(&result)?["state"]["count"], 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActorResult {
    /// The messages, by outport.
    pub outputs: HashMap<String, Message>,
    /// An object replaces the whole state, also the keys set by [`host::set_state`](crate::host::set_state) in this call.
    /// `None` leaves the state alone.
    pub state: Option<Value>,
}

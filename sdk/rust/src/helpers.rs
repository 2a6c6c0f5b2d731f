//! Short forms for frequent code. The crate's root has them too.
//!
//! ```
//! use reflow_wasm_actor::helpers::success_result;
//! use reflow_wasm_actor::Message;
//!
//! assert_eq!(success_result("output", Message::Flow).outputs.len(), 1);
//! ```

use std::collections::HashMap;
use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{ActorContext, ActorResult, Message, PluginMetadata, port_def};

/// Returns the metadata of an actor with one required inport `input` and one outport `output`.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// let metadata = create_transform_metadata("Length", "Counts characters", "String", "Integer");
/// assert_eq!(metadata.inports[0].name, "input");
/// assert_eq!(metadata.outports[0].port_type, "Integer");
/// ```
pub fn create_transform_metadata(
    component: &str,
    description: &str,
    input_type: &str,
    output_type: &str,
) -> PluginMetadata {
    PluginMetadata {
        component: component.to_owned(),
        description: description.to_owned(),
        inports: vec![port_def!("input", "Input data", input_type, required)],
        outports: vec![port_def!("output", "Transformed output", output_type)],
        config_schema: None,
    }
}

/// Returns the value on a port as a type of serde, or `None` where there is no message or its value does not fit.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// let payload = [("input", Message::Object(serde_json::json!({ "x": 1, "y": 2 })))];
/// let context = testing::context(payload, serde_json::json!({}), serde_json::json!({}));
/// let point: Option<std::collections::HashMap<String, i64>> = get_input(&context, "input");
/// assert_eq!(point.unwrap()["y"], 2);
/// assert_eq!(get_input::<i64>(&context, "input"), None);
/// ```
pub fn get_input<T: DeserializeOwned>(context: &ActorContext, port: &str) -> Option<T> {
    let message = context.payload.get(port)?.clone();
    serde_json::from_value(Value::from(message)).ok()
}

/// Returns a port and its message, to be inserted into outputs.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// let outputs = std::collections::HashMap::from([create_output("count", Message::Integer(1))]);
/// assert_eq!(outputs["count"], Message::Integer(1));
/// ```
pub fn create_output(port: &str, value: impl Into<Message>) -> (String, Message) {
    (port.to_owned(), value.into())
}

/// Returns a result with one message, which leaves the state alone.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// let result = success_result("output", serde_json::json!("done"));
/// assert_eq!(result.outputs["output"], Message::String("done".to_string()));
/// assert_eq!(result.state, None);
/// ```
pub fn success_result(port: &str, value: impl Into<Message>) -> ActorResult {
    ActorResult {
        outputs: HashMap::from([create_output(port, value)]),
        state: None,
    }
}

/// Returns a result with an `Error` message on port `error`. The call succeeds.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// let result = error_result("no input");
/// assert_eq!(result.outputs["error"], Message::Error("no input".to_string()));
/// ```
pub fn error_result(error: impl Display) -> ActorResult {
    success_result("error", Message::Error(error.to_string()))
}

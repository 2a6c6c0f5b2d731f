use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The description of an actor, which a host reads before it runs the actor.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// let metadata = PluginMetadata {
///     component: "Double".to_string(),
///     description: "Doubles an integer".to_string(),
///     inports: vec![port_def!("input", "Any integer", "Integer", required)],
///     outports: vec![port_def!("output", "Twice the input", "Integer")],
///     config_schema: None,
/// };
/// assert_eq!(serde_json::to_value(&metadata)?["inports"][0]["required"], true);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginMetadata {
    /// The name of the component.
    pub component: String,
    /// One sentence for people.
    pub description: String,
    /// The ports that take messages.
    pub inports: Vec<PortDefinition>,
    /// The ports that give messages.
    pub outports: Vec<PortDefinition>,
    /// A JSON Schema of the settings.
    pub config_schema: Option<Value>,
}

/// The description of a port. [`port_def!`](crate::port_def) makes it in one line.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// let port = PortDefinition {
///     name: "input".to_string(),
///     description: "Any integer".to_string(),
///     port_type: "Integer".to_string(),
///     required: true,
/// };
/// assert_eq!(port, port_def!("input", "Any integer", "Integer", required));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PortDefinition {
    /// The name of the port.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// The name of a message type, such as `Integer`, or `Any`.
    pub port_type: String,
    /// True where the actor needs a message on this port.
    pub required: bool,
}

/// Makes a [`PortDefinition`] of a name, a description and a type, and the word `required` where the port is.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// assert!(port_def!("input", "Any integer", "Integer", required).required);
/// assert!(!port_def!("output", "Twice the input", "Integer").required);
/// ```
#[macro_export]
macro_rules! port_def {
    ($name:expr, $description:expr, $port_type:expr $(,)?) => {
        $crate::port_def!(@ $name, $description, $port_type, false)
    };
    ($name:expr, $description:expr, $port_type:expr, required $(,)?) => {
        $crate::port_def!(@ $name, $description, $port_type, true)
    };
    (@ $name:expr, $description:expr, $port_type:expr, $required:expr) => {
        $crate::PortDefinition {
            name: $name.to_string(),
            description: $description.to_string(),
            port_type: $port_type.to_string(),
            required: $required,
        }
    };
}

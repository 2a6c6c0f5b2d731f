//! A host in memory, for tests that run an actor with `cargo test`. It is not part of a plugin.
//!
//! ```
//! use reflow_wasm_actor::*;
//! use serde_json::json;
//!
//! fn process_actor(context: ActorContext) -> Result<ActorResult, String> {
//!     let items: Vec<i64> = get_input(&context, "items").ok_or("no items")?;
//!     host::set_state("seen", json!(items.len())).map_err(|error| error.to_string())?;
//!     Ok(success_result("sum", Message::Integer(items.iter().sum())))
//! }
//!
//! let payload = [("items", Message::Array(vec![json!(1), json!(2)]))];
//! let run = testing::run(process_actor, testing::context(payload, json!({}), json!({})));
//! assert_eq!(run.packets[0]["sum"], Message::Integer(3));
//! assert_eq!(run.state, json!({ "seen": 2 }));
//! assert_eq!(run.error, None);
//! ```

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Display;

use serde_json::Value;

use crate::{ActorConfig, ActorContext, ActorResult, MemoryState, Message, StateManager};

#[derive(Default)]
pub(crate) struct Host {
    pub(crate) state: MemoryState,
    pub(crate) packets: Vec<HashMap<String, Message>>,
}

thread_local! {
    /// The host of a test's own thread.
    pub(crate) static HOST: RefCell<Host> = RefCell::default();
}

/// Returns a context with these messages, settings and state. Settings that are not an object are ignored.
///
/// ```
/// use reflow_wasm_actor::*;
/// use serde_json::json;
///
/// let context = testing::context([("input", Message::Flow)], json!({ "size": 2 }), json!({ "count": 1 }));
/// assert_eq!(context.payload["input"], Message::Flow);
/// assert_eq!(context.config.get_integer("size"), Some(2));
/// ```
pub fn context<'a>(payload: impl IntoIterator<Item = (&'a str, Message)>, config: Value, state: Value) -> ActorContext {
    ActorContext {
        payload: payload
            .into_iter()
            .map(|(port, message)| (port.to_owned(), message))
            .collect(),
        config: ActorConfig {
            node_id: "test".to_owned(),
            component: "Test".to_owned(),
            resolved_env: HashMap::new(),
            config: serde_json::from_value(config).unwrap_or_default(),
            namespace: None,
        },
        state,
    }
}

/// The effects of one call, as a host sees them.
///
/// ```
/// use reflow_wasm_actor::*;
/// use serde_json::json;
///
/// let run = testing::run(|_| Err("no luck"), testing::context([], json!({}), json!({ "n": 1 })));
/// assert_eq!(run.error, Some("no luck".to_string()));
/// assert_eq!(run.state, json!({ "n": 1 }));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The packets sent during the call, in order; last the result's outputs, unless it has none.
    pub packets: Vec<HashMap<String, Message>>,
    /// The state after the call.
    pub state: Value,
    /// The text of the actor's error.
    pub error: Option<String>,
}

/// Calls an actor as a host does: with the context's state as the live state, which a returned state replaces.
///
/// ```
/// use reflow_wasm_actor::*;
/// use serde_json::json;
///
/// let process_actor = |_| Ok::<_, String>(ActorResult { outputs: [].into(), state: Some(json!({ "n": 2 })) });
/// let run = testing::run(process_actor, testing::context([], json!({}), json!({ "n": 1, "m": 1 })));
/// assert_eq!(run.state, json!({ "n": 2 }));
/// ```
pub fn run<E: Display>(process: impl FnOnce(ActorContext) -> Result<ActorResult, E>, context: ActorContext) -> Run {
    let mut state = MemoryState::default();
    state.set_all(context.state.clone());
    HOST.set(Host {
        state,
        packets: Vec::new(),
    });
    let result = process(context);
    let Host { mut state, mut packets } = HOST.take();
    let error = match result {
        Ok(ActorResult {
            outputs,
            state: returned,
        }) => {
            if !outputs.is_empty() {
                packets.push(outputs);
            }
            state.set_all(returned.unwrap_or_default());
            None
        }
        Err(error) => Some(error.to_string()),
    };
    Run {
        packets,
        state: state.get_all(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host;
    use serde_json::json;

    fn eager(context: ActorContext) -> Result<ActorResult, extism_pdk::Error> {
        host::send_output(HashMap::from([
            ("flow".to_string(), Message::Flow),
            ("error".to_string(), Message::Error("t".to_string())),
        ]))?;
        host::set_state("live", json!(host::get_state("before").is_some()))?;
        host::set_state("null", json!(null))?;
        assert_eq!(host::get_state("null"), None);
        match context.payload.get("fail") {
            Some(_) => Err(extism_pdk::Error::msg("no luck")),
            None => Ok(ActorResult {
                outputs: HashMap::new(),
                state: None,
            }),
        }
    }

    #[test]
    fn packets_are_plain_values_and_the_state_is_live() {
        let run = run(eager, context([], json!({}), json!({ "before": 1 })));
        let text = |text: &str| Message::String(text.to_string());
        let packet = HashMap::from([("flow".to_string(), text("flow")), ("error".to_string(), text("t"))]);
        assert_eq!(run.packets, [packet]);
        assert_eq!(run.state, json!({ "before": 1, "live": true, "null": null }));
    }

    #[test]
    fn effects_before_an_error_stay() {
        let run = run(eager, context([("fail", Message::Flow)], json!({}), json!({})));
        assert_eq!(run.error.as_deref(), Some("no luck"));
        assert_eq!(run.packets.len(), 1);
        assert_eq!(run.state["live"], false);
    }
}

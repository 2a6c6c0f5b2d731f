//! Reflow actors in Rust, as plugins of [Extism](https://extism.org).
//!
//! An actor is a function from [`ActorContext`] to [`ActorResult`]. [`actor_plugin!`] exports it as `process`, and its
//! metadata as `get_metadata`.
//!
//! ```
//! use reflow_wasm_actor::*;
//! use std::collections::HashMap;
//!
//! fn metadata() -> PluginMetadata {
//!     PluginMetadata {
//!         component: "Double".to_string(),
//!         description: "Doubles an integer".to_string(),
//!         inports: vec![port_def!("input", "Any integer", "Integer", required)],
//!         outports: vec![port_def!("output", "Twice the input", "Integer")],
//!         config_schema: None,
//!     }
//! }
//!
//! fn process_actor(context: ActorContext) -> Result<ActorResult, Box<dyn std::error::Error>> {
//!     let mut outputs = HashMap::new();
//!     if let Some(Message::Integer(value)) = context.payload.get("input") {
//!         outputs.insert("output".to_string(), Message::Integer(value * 2));
//!     }
//!     Ok(ActorResult { outputs, state: None })
//! }
//!
//! actor_plugin!(metadata: metadata(), process: process_actor);
//! # fn main() {}
//! ```
//!
//! Build it with `cargo build --release --target wasm32-unknown-unknown`. Its crate has `crate-type = ["cdylib"]`.
//! `wasm32-wasip1` works too. There `println!` and `eprintln!` reach the host.
//!
//! # Tests
//!
//! `cargo test` runs an actor on the developer's machine, without WebAssembly. [`testing`] has a host in memory for it.
//!
//! # MessagePack
//!
//! With the feature `msgpack`, `actor_plugin!(metadata: …, process: …, encoding: MessagePack)` reads the context and writes
//! the result as MessagePack. The metadata names the encoding then. plugboard reads it; Reflow's own host does not.
#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod context;
pub mod encoding;
pub mod helpers;
pub mod host;
mod message;
mod metadata;
#[doc(hidden)]
pub mod plugin;
mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use context::{ActorConfig, ActorContext, ActorResult};
#[cfg(feature = "msgpack")]
pub use encoding::MessagePack;
/// The Extism PDK, so that [`plugin_fn`] finds it in crates that depend on this crate only.
///
/// ```no_run
/// use reflow_wasm_actor::*;
///
/// #[plugin_fn]
/// pub fn greet(name: String) -> FnResult<String> {
///     Ok(format!("Hello, {name}"))
/// }
/// # fn main() {}
/// ```
pub use extism_pdk;
pub use extism_pdk::{FnResult, Json, plugin_fn};
pub use helpers::*;
pub use message::Message;
pub use metadata::{PluginMetadata, PortDefinition};
/// The JSON library of all values here.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// assert_eq!(serde_json::json!({ "a": 1 })["a"], 1);
/// ```
pub use serde_json;
pub use state::{MemoryState, StateManager};

/// The examples of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

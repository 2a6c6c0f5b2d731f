//! [`reflow_wasm_actor`] under the name that Reflow's own examples use, so that their sources compile as they are.
//!
//! ```
//! use reflow_wasm::*;
//!
//! assert_eq!(Message::from(serde_json::json!(42)), Message::Integer(42));
//! ```
#![deny(missing_docs)]

pub use reflow_wasm_actor::*;

use serde_json::{Map, Value};

/// A store of values by key.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// fn count(state: &mut impl StateManager) {
///     let count = state.get("count").and_then(|value| value.as_i64()).unwrap_or(0);
///     state.set("count", serde_json::json!(count + 1));
/// }
///
/// let mut state = MemoryState::default();
/// count(&mut state);
/// assert_eq!(state.get_all(), serde_json::json!({ "count": 1 }));
/// ```
pub trait StateManager {
    /// Returns the value of a key.
    ///
    /// ```
    /// # use reflow_wasm_actor::*;
    /// # let mut state = MemoryState::default();
    /// assert_eq!(state.get("missing"), None);
    /// ```
    fn get(&self, key: &str) -> Option<Value>;

    /// Sets the value of a key.
    ///
    /// ```
    /// # use reflow_wasm_actor::*;
    /// # let mut state = MemoryState::default();
    /// state.set("a", 1.into());
    /// assert_eq!(state.get("a"), Some(1.into()));
    /// ```
    fn set(&mut self, key: &str, value: Value);

    /// Returns all values, as an object.
    ///
    /// ```
    /// # use reflow_wasm_actor::*;
    /// # let mut state = MemoryState::default();
    /// assert_eq!(state.get_all(), serde_json::json!({}));
    /// ```
    fn get_all(&self) -> Value;

    /// Replaces all values by those of an object. Does nothing for another JSON value.
    ///
    /// ```
    /// # use reflow_wasm_actor::*;
    /// # let mut state = MemoryState::default();
    /// state.set_all(serde_json::json!({ "a": 1 }));
    /// assert_eq!(state.get("a"), Some(1.into()));
    /// ```
    fn set_all(&mut self, state: Value);
}

/// A [`StateManager`] in the memory of the plugin.
///
/// It lasts as long as the instance. To keep it, return [`get_all`](StateManager::get_all) as the result's state.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// let mut state = MemoryState::default();
/// state.set_all(serde_json::json!({ "a": 1 }));
/// state.set("b", serde_json::json!(2));
/// assert_eq!(state.get("a"), Some(serde_json::json!(1)));
/// assert_eq!(state.get_all(), serde_json::json!({ "a": 1, "b": 2 }));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryState {
    values: Map<String, Value>,
}

impl StateManager for MemoryState {
    fn get(&self, key: &str) -> Option<Value> {
        self.values.get(key).cloned()
    }

    fn set(&mut self, key: &str, value: Value) {
        self.values.insert(key.to_owned(), value);
    }

    fn get_all(&self) -> Value {
        Value::Object(self.values.clone())
    }

    fn set_all(&mut self, state: Value) {
        if let Value::Object(values) = state {
            self.values = values;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn set_all_replaces_and_ignores_values_that_are_not_objects() {
        let mut state = MemoryState::default();
        state.set("old", json!(1));
        state.set_all(json!({ "new": null }));
        assert_eq!(state.get_all(), json!({ "new": null }));
        for wrong in [json!(null), json!([1]), json!("text")] {
            state.set_all(wrong);
        }
        assert_eq!(state.get_all(), json!({ "new": null }));
        assert_eq!(state.get("old"), None);
    }
}

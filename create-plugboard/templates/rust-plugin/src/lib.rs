/// Returns how many letters of `text` are among `vowels`.
pub fn count(text: &str, vowels: &str) -> usize {
    text.chars()
        .filter(|letter| vowels.contains(*letter))
        .count()
}

/// The exports. Tests run without a host, which this module needs.
#[cfg(target_family = "wasm")]
mod exports {
    use extism_pdk::*;
    use serde::Serialize;

    #[derive(Serialize)]
    struct Report {
        count: usize,
    }

    /// Counts the vowels of its input. The config value `vowels` replaces the letters that count.
    #[plugin_fn]
    pub fn count_vowels(text: String) -> FnResult<Json<Report>> {
        let vowels = config::get("vowels")?.unwrap_or("aeiouAEIOU".to_string());
        let count = crate::count(&text, &vowels);
        Ok(Json(Report { count }))
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn counts_the_given_letters_only() {
        assert_eq!(count("Hello, World!", "aeiou"), 3);
        assert_eq!(count("Hello, World!", ""), 0);
    }
}

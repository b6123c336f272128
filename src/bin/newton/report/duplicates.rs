//! Runs that are there twice: the same configuration and seed give the same numbers, so that two of them are no two observations.

use std::collections::HashMap;

use crate::keys::Keys;

/// For each run the first one with the same configuration, if that is another.
pub fn duplicates<'a>(runs: impl IntoIterator<Item = &'a Keys>) -> Vec<Option<usize>> {
    // By the configuration as text: in a sweep of thousands, no run is compared with every other.
    let mut first: HashMap<String, usize> = HashMap::new();
    let of = |(at, keys): (usize, &Keys)| {
        // There is nothing in a configuration that JSON cannot say.
        let Ok(text) = serde_json::to_string(keys) else { return None };
        let first = *first.entry(text).or_insert(at);
        (first != at).then_some(first)
    };
    runs.into_iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_is_named() {
        let keys =
            |lambda: f64, seed: u64| Keys { lambda: Some(lambda), seed: Some(seed), ..Keys::default() };
        let runs = [keys(0.1, 0), keys(0.1, 1), keys(0.1, 0), keys(0.2, 0), keys(0.1, 1), keys(0.1, 0)];
        assert_eq!(duplicates(&runs), [None, None, Some(0), None, Some(1), Some(0)]);
        // A key that is not set is no key that is 0, and neighbouring numbers are two.
        let unset = Keys { seed: Some(0), ..Keys::default() };
        let next = Keys { lambda: Some(0.1_f64.next_up()), ..keys(0.0, 0) };
        assert_eq!(duplicates([&unset, &keys(0.0, 0), &keys(0.1, 0), &next]), [None; 4]);
        // Seeds beyond what TOML can say.
        assert_eq!(duplicates([&keys(0.1, u64::MAX), &keys(0.1, u64::MAX - 1)]), [None; 2]);
    }

    #[test]
    fn thousands_of_runs() {
        let runs: Vec<Keys> = (0..30_000)
            .map(|i| Keys { seed: Some(i % 20_000), lambda: Some(0.5), ..Keys::default() })
            .collect();
        let found = duplicates(&runs);
        assert!(found[..20_000].iter().all(Option::is_none));
        assert!(found[20_000..].iter().enumerate().all(|(i, first)| *first == Some(i)));
    }
}

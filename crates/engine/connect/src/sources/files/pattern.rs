//! Patterns over relative paths: `*` and `?` within a folder, `**` across folders.
//!
//! Does not touch the disk. Invariant: matching takes time proportional to pattern times path.

/// Whether `path` (with `/`) matches the whole `pattern`; case does not matter.
pub fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.trim_start_matches("./").to_lowercase().chars().collect();
    let path: Vec<char> = path.to_lowercase().chars().collect();
    // reachable[i]: the pattern so far matches the first i characters.
    let mut reachable = vec![false; path.len() + 1];
    reachable[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let deep = pattern[at] == '*' && pattern.get(at + 1) == Some(&'*');
        let mut next = vec![false; path.len() + 1];
        if deep {
            // `**/` also matches no folder at all.
            at += if pattern.get(at + 2) == Some(&'/') { 2 } else { 1 };
        }
        for i in 0..=path.len() {
            next[i] = match pattern[at] {
                _ if deep => reachable[i] || (i > 0 && next[i - 1]),
                '*' => reachable[i] || (i > 0 && next[i - 1] && path[i - 1] != '/'),
                '?' => i > 0 && reachable[i - 1] && path[i - 1] != '/',
                c => i > 0 && reachable[i - 1] && path[i - 1] == c,
            };
        }
        reachable = next;
        at += 1;
    }
    reachable[path.len()]
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn matches_patterns_within_and_across_folders() {
        for (pattern, path) in [
            ("*.csv", "a.csv"),
            ("vendas*.csv", "Vendas_2026.CSV"),
            ("**/*.csv", "a.csv"),
            ("**/*.csv", "x/y/a.csv"),
            ("x/**", "x/y/a.csv"),
            ("x/?.csv", "x/a.csv"),
            ("a.csv", "a.csv"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in
            [("*.csv", "x/a.csv"), ("*.csv", "a.csv.gz"), ("x/?.csv", "x/ab.csv"), ("", "a")]
        {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }
}

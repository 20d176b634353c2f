//! What a file looks like.

use tidy::sources;

const LINES: usize = 400;
const FORBIDDEN_NAMES: [&str; 7] = ["utils", "util", "helpers", "common", "misc", "types", "manager"];

#[test]
fn every_module_says_what_it_owns() {
    for source in sources(&[".rs"]) {
        assert!(
            source.text.starts_with("//!"),
            "`{}` must open with `//!` and say what it owns",
            source.path
        );
    }
}

#[test]
fn long_files_say_why() {
    for source in sources(&[".rs"]) {
        let lines = source.text.lines().count();
        let first = source.text.lines().next().unwrap_or_default();
        assert!(
            lines <= LINES || first.starts_with("//! Long because "),
            "`{}` has {lines} lines: split it, or say why on its first line (`//! Long because …`)",
            source.path
        );
    }
}

#[test]
fn no_file_is_a_drawer_for_everything() {
    for source in sources(&[".rs", ".ts"]) {
        let stem = source
            .path
            .rsplit('/')
            .next()
            .and_then(|name| name.split('.').next())
            .unwrap_or_default()
            .to_owned();
        assert!(
            !FORBIDDEN_NAMES.contains(&stem.as_str()),
            "`{}` needs a name that says what it owns",
            source.path
        );
        assert!(stem != "mod", "`{}`: modules are named after themselves, not `mod.rs`", source.path);
    }
}

#[test]
fn no_test_is_switched_off() {
    // Put together, so that this file does not find itself.
    let ignored = ["#[", "ignore"].concat();
    let unfinished = [["to", "do!("].concat(), ["unimple", "mented!("].concat()];
    for source in sources(&[".rs"]) {
        assert!(!source.text.contains(&ignored), "`{}` switches a test off", source.path);
        for word in &unfinished {
            assert!(!source.text.contains(word), "`{}` holds unfinished code", source.path);
        }
    }
}

#[test]
fn shared_rooms_touch_neither_clock_nor_disk_nor_network() {
    let banned = [
        "std::fs",
        "std::net",
        "std::thread",
        "std::env",
        "Utc::now",
        "Local::now",
        "SystemTime",
        "Instant::now",
    ];
    for source in sources(&[".rs"]).iter().filter(|source| source.path.starts_with("crates/shared/")) {
        let product = source.path.contains("/src/");
        let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in banned {
            assert!(
                !product || !code.contains(word),
                "`{}` uses `{word}`: shared rooms do no I/O and read no clock",
                source.path
            );
        }
    }
}

//! Who may depend on whom.

use tidy::{features, tree, workspace};

/// Our own rooms and what they may build on.
const ARROWS: [(&str, &[&str]); 22] = [
    ("kpi", &[]),
    ("locale", &["kpi"]),
    ("chart", &["kpi"]),
    ("slice", &["kpi"]),
    ("plan", &["kpi", "slice"]),
    ("contract", &["kpi", "plan", "slice"]),
    ("unify", &[]),
    ("lake", &["unify"]),
    ("connect", &["contract", "kpi"]),
    ("transform", &["lake"]),
    ("check", &["lake"]),
    ("query", &["kpi", "lake", "plan", "slice"]),
    ("policy", &["contract", "lake"]),
    ("migrations", &[]),
    ("metastore", &["kpi", "contract", "migrations"]),
    ("pipeline", &["connect", "transform", "check", "metastore", "policy", "lake", "contract", "kpi"]),
    ("simulators", &["kpi"]),
    ("tidy", &[]),
    ("xtask", &[]),
    ("app", &["kpi", "chart", "locale", "contract", "slice"]),
    ("frontend", &["app"]),
    ("engine", &["contract", "kpi", "plan", "slice"]),
];

#[test]
fn rooms_depend_only_along_the_arrows() {
    let workspace = workspace();
    for (room, allowed) in ARROWS {
        let direct = workspace.direct.get(room).unwrap_or_else(|| panic!("`{room}` is gone; mend ARROWS"));
        for dependency in direct.iter().filter(|name| workspace.folders.contains_key(*name)) {
            assert!(allowed.contains(&dependency.as_str()), "`{room}` must not depend on `{dependency}`");
        }
    }
    for room in workspace.folders.keys() {
        assert!(
            room == "server" || ARROWS.iter().any(|(name, _)| name == room),
            "`{room}` is not in ARROWS: say what it may depend on"
        );
    }
}

#[test]
fn heavy_crates_stay_in_their_room() {
    let workspace = workspace();
    let owners: [(&str, &[&str]); 5] = [
        ("deltalake", &["lake"]),
        ("datafusion", &["lake"]),
        ("sea-orm", &["metastore"]),
        ("sea-orm-migration", &["migrations"]),
        ("axum", &["server"]),
    ];
    for (heavy, rooms) in owners {
        for (room, direct) in &workspace.direct {
            assert!(
                !direct.contains(heavy) || rooms.contains(&room.as_str()),
                "only {rooms:?} may name `{heavy}`, not `{room}`"
            );
        }
    }
}

#[test]
fn browser_gets_nothing_of_the_engine() {
    let packages = tree("frontend", &["--target", "wasm32-unknown-unknown"]);
    for heavy in ["tokio", "arrow", "arrow-array", "datafusion", "sea-orm", "axum", "lake", "query"] {
        assert!(!packages.contains(heavy), "`{heavy}` has leaked into the browser's part");
    }
}

#[test]
fn pages_get_nothing_of_the_engine() {
    let packages = tree("app", &["--features", "ssr"]);
    for heavy in ["datafusion", "deltalake", "sea-orm", "lake", "query", "metastore"] {
        assert!(!packages.contains(heavy), "editing a page must not compile `{heavy}`");
    }
}

#[test]
fn every_selection_resolves_to_one_set_of_features() {
    let server = features("server");
    for package in ["lake", "transform", "check", "query", "pipeline"] {
        for (dependency, features) in features(package) {
            assert_eq!(
                Some(&features),
                server.get(&dependency),
                "`{dependency}` has other features below `{package}` than below `server`, so that DataFusion is compiled twice; \
                 name the features in crates/unify/Cargo.toml"
            );
        }
    }
}

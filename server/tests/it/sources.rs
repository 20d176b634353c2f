//! Sources behind HTTP through the command line: added, tried out, told anew.

use crate::workspace::Workspace;
use simulators::servers::{Running, World, ploomes};
use simulators::{Company, Scale};
use std::process::Output;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A workspace that may call this machine, and the CRM on it.
pub struct Connected {
    pub workspace: Workspace,
    pub crm: Running,
    pub key: String,
    pub runtime: Runtime,
}

impl Connected {
    pub fn new() -> Connected {
        let workspace = Workspace::new();
        let data = workspace.folder("data");
        std::fs::write(data.join("mirante.toml"), "private_networks = [\"127.0.0.1\"]\n").expect("settings");
        let today = "2026-06-30".parse().expect("a day");
        let company =
            Company::generate(Scale::new(0.02).expect("a scale"), 7, today).expect("a company is made");
        let options = ploomes::Options::default();
        let (runtime, key) = (Runtime::new().expect("a runtime"), options.user_key.clone());
        let crm =
            runtime.block_on(ploomes::start(Arc::new(World::new(company)), options)).expect("the CRM starts");
        Connected { workspace, crm, key, runtime }
    }

    /// Adds the CRM as `crm`.
    pub fn add(&self) {
        let url = self.crm.url();
        let what = [
            "source",
            "add",
            "ploomes",
            "--name",
            "crm",
            "--address",
            &url,
            "--user-key",
            "env:CRM_KEY",
            "--per-minute",
            "6000",
        ];
        let added = self.with_key(&self.key, &what);
        assert!(added.status.success(), "{}", error(&added));
    }

    /// A command that finds this key in its environment.
    pub fn with_key(&self, key: &str, arguments: &[&str]) -> Output {
        self.workspace.command(arguments).env("CRM_KEY", key).output().expect("the binary starts")
    }
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_source_is_added_tried_out_and_told_anew() {
    let it = Connected::new();
    it.add();
    let tested = it.workspace.succeeds(&["source", "test", "crm"]);
    assert!(tested.contains("\ndeals\tok\n") && tested.starts_with("account\t"), "{tested}");

    let set = |value: &str, key: &str| it.with_key(key, &["source", "set", "crm", value]);
    assert!(set("user_key=env:CRM_KEY", "WRONG").status.success());
    let refused = it.workspace.mirante(&["source", "test", "crm"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(error(&refused).contains("key") && !error(&refused).contains("WRONG"), "{}", error(&refused));
    assert!(set("user-key=env:CRM_KEY", &it.key).status.success());
    it.workspace.succeeds(&["source", "test", "crm"]);

    for (value, expected) in [
        ("page=301", "`page` takes a whole number from 1 to 300"),
        ("pages=3", "has no parameter `pages`"),
        ("page", "needs the form PARAMETER=VALUE"),
        ("user_key=secret", "env:NAME, file:PATH or -"),
    ] {
        let output = set(value, "");
        assert_eq!(output.status.code(), Some(2), "{value}");
        assert!(error(&output).contains(expected), "{value}: {}", error(&output));
    }
    let database = std::fs::read(it.workspace.folder("data").join("mirante.db")).expect("the database");
    assert!(!database.windows(it.key.len()).any(|window| window == it.key.as_bytes()), "the key is sealed");
}

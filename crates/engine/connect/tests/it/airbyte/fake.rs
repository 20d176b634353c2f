//! A scripted connector in an environment of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use connect::sources::airbyte::Airbyte;
use connect::{Egress, SettingsKeeper, Surroundings};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A connector, what it is told to do, and what it saw.
pub struct Fake {
    dir: TempDir,
    pub kept: Arc<Kept>,
}

/// Configurations that the connector changed.
#[derive(Debug, Default)]
pub struct Kept {
    pub values: Mutex<Vec<String>>,
    pub refuses: bool,
}

#[async_trait::async_trait]
impl SettingsKeeper for Kept {
    async fn keep_secret(
        &self,
        source: &str,
        parameter: &str,
        value: &str,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if self.refuses {
            return Err("the disk is full".into());
        }
        self.values.lock().unwrap().push(format!("{source}.{parameter}={value}"));
        Ok(())
    }
}

/// The catalog's stream, incremental with a key unless `more` says otherwise.
pub fn users(more: &Value) -> Value {
    let mut stream = json!({
        "name": "users",
        "json_schema": {"properties": {"id": {"type": "integer"}, "text": {"type": "string"}}},
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_cursor": true,
        "source_defined_primary_key": [["id"]],
    });
    stream.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    stream
}

impl Fake {
    /// A connector with one stream that takes these steps when it is read.
    pub fn new(stream: &Value, steps: &Value) -> Fake {
        let fake = Fake { dir: tempfile::tempdir().unwrap(), kept: Arc::default() };
        fake.script(&json!({"streams": [stream], "steps": steps}));
        let python =
            Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap();
        let python = String::from_utf8(python.stdout).unwrap();
        let digest = Sha256::digest(b"python3");
        let name = format!("fake-1.0-{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]);
        let bin = fake.folder().join("environments").join(name).join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::os::unix::fs::symlink(python.trim(), bin.join("python")).unwrap();
        let command = bin.join("source-fake");
        std::fs::write(&command, format!("#!{}\n{}", python.trim(), include_str!("fake.py"))).unwrap();
        std::fs::set_permissions(&command, std::fs::Permissions::from_mode(0o755)).unwrap();
        let note =
            json!({"package": "fake", "version": "1.0", "python": "python3", "commands": ["source-fake"]});
        std::fs::write(bin.join("../mirante.json"), note.to_string()).unwrap();
        fake
    }

    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub fn script(&self, script: &Value) {
        std::fs::write(self.folder().join("script.json"), script.to_string()).unwrap();
    }

    /// Lets it take other steps from now on.
    pub fn then(&self, stream: &Value, steps: &Value) {
        self.script(&json!({"streams": [stream], "steps": steps}));
    }

    pub fn source(&self) -> Airbyte {
        self.source_with(&json!({}))
    }

    pub fn source_with(&self, more: &Value) -> Airbyte {
        Airbyte::from_settings("loja", &self.settings(more), &self.surroundings()).unwrap()
    }

    pub fn settings(&self, more: &Value) -> Value {
        let config = json!({"place": self.folder(), "token": "s3cr3t-token"}).to_string();
        let mut settings = json!({"package": "fake", "version": "1.0", "config": config});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        settings
    }

    pub fn surroundings(&self) -> Surroundings {
        Surroundings::new(Egress::public()).in_folder(self.folder()).kept_by(self.kept.clone())
    }

    /// What the connector saw each time it ran.
    pub fn seen(&self, verb: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder().join("seen.jsonl")).unwrap_or_default();
        let seen = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        seen.filter(|seen| seen["verb"] == verb).collect()
    }

    /// Folders of runs that are still there.
    pub fn runs(&self) -> usize {
        std::fs::read_dir(self.folder().join("running"))
            .map_or(0, |runs| runs.flatten().filter(|run| run.path().is_dir()).count())
    }
}

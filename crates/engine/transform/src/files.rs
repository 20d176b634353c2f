//! A project's files, from a folder or from memory (packs are embedded in the binary).
//!
//! Does not interpret them. Invariant: paths are relative, use `/`, and are sorted.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::errors::TransformError;

/// Folders that hold what tools make, never what a person wrote; those that begin with a dot are skipped too.
const SKIPPED: [&str; 4] = ["target", "logs", "node_modules", "venv"];

/// Files that a project is made of; whatever else lies in its folder is not read.
const READ: [&str; 7] = [".sql", ".csv", ".yml", ".yaml", ".md", ".json", ".py"];

/// The largest file of a project. Seeds are small tables that people keep by hand; data comes from sources.
const LARGEST_MB: u64 = 64;

/// The files of one project: relative path with `/` → bytes.
#[derive(Debug, Clone, Default)]
pub struct Files {
    name: String,
    files: BTreeMap<String, Arc<[u8]>>,
}

impl Files {
    /// From memory. `name` is what errors call the project's root.
    pub fn from_memory<P, B>(name: impl Into<String>, files: impl IntoIterator<Item = (P, B)>) -> Files
    where
        P: Into<String>,
        B: AsRef<[u8]>,
    {
        let files = files.into_iter().map(|(path, bytes)| (path.into(), Arc::from(bytes.as_ref()))).collect();
        Files { name: name.into(), files }
    }

    /// The project files below `dir`, folders of tools (`target`, `logs`, `.git` …) aside.
    pub fn from_dir(dir: &Path) -> Result<Files, TransformError> {
        let mut files = BTreeMap::new();
        walk(dir, "", &mut files)?;
        Ok(Files { name: dir.display().to_string(), files })
    }

    /// Several packs as one project: a root `name` with nothing of its own, and each pack as `dbt_packages/<folder>/`.
    ///
    /// A model that two packs need is so built once.
    pub fn workspace<'a>(name: &str, packs: impl IntoIterator<Item = (&'a str, &'a Files)>) -> Files {
        let mut files =
            Files::from_memory(name, [("dbt_project.yml", format!("name: {name}\nversion: '1.0'\n"))]);
        for (folder, pack) in packs {
            for (path, bytes) in &pack.files {
                files.files.insert(format!("dbt_packages/{folder}/{path}"), bytes.clone());
            }
        }
        files
    }

    /// What errors call the root.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(AsRef::as_ref)
    }

    /// The file as text without a byte order mark, with `\n` line ends left as they are.
    pub fn text(&self, path: &str) -> Result<Option<&str>, TransformError> {
        let Some(bytes) = self.bytes(path) else { return Ok(None) };
        let text =
            std::str::from_utf8(bytes).map_err(|_| TransformError::NotText { path: path.to_owned() })?;
        Ok(Some(text.strip_prefix('\u{feff}').unwrap_or(text)))
    }

    /// Paths below `folder` (which may be empty: all) whose name ends in one of `endings`.
    pub fn below<'a>(&'a self, folder: &str, endings: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let prefix = prefix(folder);
        self.files
            .keys()
            .map(String::as_str)
            .filter(move |path| path.starts_with(&prefix))
            .filter(|path| endings.is_empty() || endings.iter().any(|ending| path.ends_with(ending)))
    }

    /// The files below `folder` as a project of their own.
    pub fn sub(&self, folder: &str) -> Files {
        let prefix = prefix(folder);
        let files = self
            .files
            .iter()
            .filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?.to_owned(), bytes.clone())))
            .collect();
        Files { name: format!("{}/{}", self.name, folder.trim_end_matches('/')), files }
    }

    /// Names of the folders directly below `folder`.
    pub fn folders(&self, folder: &str) -> Vec<String> {
        let prefix = prefix(folder);
        let mut names: Vec<String> = self
            .files
            .keys()
            .filter_map(|path| Some(path.strip_prefix(&prefix)?.split_once('/')?.0.to_owned()))
            .collect();
        names.dedup();
        names
    }

    /// Adds or replaces one file.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl AsRef<[u8]>) {
        self.files.insert(path.into(), Arc::from(bytes.as_ref()));
    }

    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

fn prefix(folder: &str) -> String {
    let folder = folder.trim_start_matches("./").trim_end_matches('/');
    if folder.is_empty() || folder == "." { String::new() } else { format!("{folder}/") }
}

fn walk(dir: &Path, prefix: &str, files: &mut BTreeMap<String, Arc<[u8]>>) -> Result<(), TransformError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |source| TransformError::Read { path, source }
    };
    for entry in std::fs::read_dir(dir).map_err(failed(dir))? {
        let entry = entry.map_err(failed(dir))?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        // Follows links, so that a local package may be one.
        let about = std::fs::metadata(&path).map_err(failed(&path))?;
        if about.is_dir() {
            if !SKIPPED.contains(&name.as_str()) && !name.starts_with('.') {
                walk(&path, &format!("{prefix}{name}/"), files)?;
            }
        } else if READ.iter().any(|ending| name.ends_with(ending)) {
            if about.len() > LARGEST_MB << 20 {
                return Err(TransformError::TooLarge {
                    path: format!("{prefix}{name}"),
                    limit_mb: LARGEST_MB,
                });
            }
            let bytes = std::fs::read(&path).map_err(failed(&path))?;
            files.insert(format!("{prefix}{name}"), Arc::from(bytes));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_folder_lists_only_its_files() {
        let files = Files::from_memory(
            "p",
            [("models/a.sql", "1"), ("models/x/b.sql", "2"), ("models/x/b.yml", ""), ("models2/c.sql", "")],
        );
        let found: Vec<_> = files.below("models", &[".sql"]).collect();
        assert_eq!(found, ["models/a.sql", "models/x/b.sql"]);
        assert_eq!(files.folders("models"), ["x"]);
        assert_eq!(files.sub("models/x").text("b.sql").unwrap(), Some("2"));
    }

    #[test]
    fn text_not_utf8_names_the_file() {
        let files = Files::from_memory("p", [("a.sql", [0xff_u8, 0xfe])]);
        assert_eq!(
            files.text("a.sql").unwrap_err().to_string(),
            "`a.sql` is not UTF-8 text; save it as UTF-8"
        );
    }

    #[test]
    fn from_dir_enormous_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("seeds")).unwrap();
        // A hole: it takes no room on the disk.
        std::fs::File::create(dir.path().join("seeds/all.csv")).unwrap().set_len(65 << 20).unwrap();
        assert_eq!(
            Files::from_dir(dir.path()).unwrap_err().to_string(),
            "`seeds/all.csv` is larger than 64 MB; add it as a source instead of a seed"
        );
    }

    #[test]
    fn from_dir_skips_what_tools_make() {
        let dir = tempfile::tempdir().unwrap();
        for path in [
            "models/a.sql",
            "models/a.bin",
            "target/compiled.sql",
            ".venv/x.sql",
            "dbt_packages/x/dbt_project.yml",
        ] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let files = Files::from_dir(dir.path()).unwrap();
        assert_eq!(files.paths().collect::<Vec<_>>(), ["dbt_packages/x/dbt_project.yml", "models/a.sql"]);
    }
}

//! Everything that the folders of all packages hold, before any template is rendered.
//!
//! Does not render. Invariant: a name is given to one node only.

use std::collections::BTreeMap;

use crate::errors::{Place, TransformError};
use crate::files::Files;
use crate::jinja::{Engine, EngineBuilder, Names};
use crate::node::NodeKind;
use crate::project::Package;
use crate::schema_yml::{self, ExposureDecl, Patch, SourceDecl, TestDecl};
use crate::template;

use super::unique_id;

/// A model, seed, snapshot or singular test as its file gives it.
#[derive(Debug)]
pub(super) struct Raw {
    /// None: a singular test.
    pub(super) kind: Option<NodeKind>,
    pub(super) name: String,
    pub(super) package: usize,
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) fqn: Vec<String>,
    pub(super) code: String,
    /// Empty for seeds.
    pub(super) template: String,
}

#[derive(Debug)]
pub(super) struct Found {
    pub(super) raw: Vec<Raw>,
    /// (kind, or none for singular tests; package; name) → what property files say.
    pub(super) patches: BTreeMap<(Option<NodeKind>, usize, String), Patch>,
    pub(super) sources: Vec<(usize, SourceDecl)>,
    pub(super) exposures: Vec<(usize, ExposureDecl)>,
    pub(super) engine: Engine,
    pub(super) warnings: Vec<String>,
    packages: Vec<String>,
}

struct Gathering<'f> {
    files: &'f Files,
    packages: &'f [Package],
    builder: EngineBuilder,
    raw: Vec<Raw>,
    patches: BTreeMap<(Option<NodeKind>, usize, String), Patch>,
    sources: Vec<(usize, SourceDecl)>,
    exposures: Vec<(usize, ExposureDecl)>,
    warnings: Vec<String>,
    docs: BTreeMap<String, String>,
}

pub(super) fn gather(files: &Files, packages: &[Package]) -> Result<Found, TransformError> {
    let mut gathering = Gathering {
        files,
        packages,
        builder: EngineBuilder::new(packages)?,
        raw: Vec::new(),
        patches: BTreeMap::new(),
        sources: Vec::new(),
        exposures: Vec::new(),
        warnings: Vec::new(),
        docs: BTreeMap::new(),
    };
    for at in 0..packages.len() {
        gathering.macros(at)?;
        gathering.models(at)?;
        gathering.seeds(at);
        gathering.snapshots(at)?;
        gathering.singular_tests(at)?;
        gathering.properties(at)?;
    }
    gathering.unused_patches();
    let Gathering { builder, raw, patches, sources, exposures, warnings, docs, .. } = gathering;
    let packages = packages.iter().map(|package| package.name.clone()).collect();
    let mut found = Found { raw, patches, sources, exposures, warnings, packages, engine: builder.build()? };
    super::docs::fill(&mut found, &docs);
    Ok(found)
}

impl Gathering<'_> {
    fn each(&self, at: usize, folders: &[String], endings: &[&str]) -> Vec<(String, Vec<String>)> {
        let package = &self.packages[at];
        let mut found = Vec::new();
        for folder in folders {
            let folder = package.path(folder);
            for path in self.files.below(&folder, endings) {
                let inside = path.strip_prefix(&folder).unwrap_or(path).trim_start_matches('/');
                let mut fqn = vec![package.name.clone()];
                fqn.extend(inside.split('/').map(str::to_owned));
                if let Some(last) = fqn.last_mut() {
                    *last = stem(last).to_owned();
                }
                found.push((path.to_owned(), fqn));
            }
        }
        found
    }

    fn text(&self, path: &str) -> Result<String, TransformError> {
        Ok(self.files.text(path)?.unwrap_or_default().to_owned())
    }

    fn macros(&mut self, at: usize) -> Result<(), TransformError> {
        let package = &self.packages[at];
        for (path, _) in self.each(at, &package.macro_paths, &[".sql"]) {
            let text = self.text(&path)?;
            self.builder.macro_file(&package.name, &path, &text)?;
        }
        Ok(())
    }

    fn models(&mut self, at: usize) -> Result<(), TransformError> {
        let package = &self.packages[at];
        for (path, _) in self.each(at, &package.model_paths, &[".py"]) {
            self.warnings.push(format!("{path}: Python models are passed over; write the model in SQL"));
        }
        for (path, fqn) in self.each(at, &package.model_paths, &[".sql"]) {
            let code = self.text(&path)?;
            self.builder.template(&path, &package.name, template::sql_file(&path, &code));
            self.raw.push(Raw {
                kind: Some(NodeKind::Model),
                name: fqn.last().cloned().unwrap_or_default(),
                package: at,
                line: 1,
                template: path.clone(),
                file: path,
                fqn,
                code,
            });
        }
        Ok(())
    }

    fn seeds(&mut self, at: usize) {
        let package = &self.packages[at];
        for (path, fqn) in self.each(at, &package.seed_paths, &[".csv"]) {
            // Bytes that are no text are an error when the seed is built, at their row.
            let code = String::from_utf8_lossy(self.files.bytes(&path).unwrap_or_default()).into_owned();
            self.raw.push(Raw {
                kind: Some(NodeKind::Seed),
                name: fqn.last().cloned().unwrap_or_default(),
                package: at,
                line: 1,
                template: String::new(),
                file: path,
                fqn,
                code,
            });
        }
    }

    fn snapshots(&mut self, at: usize) -> Result<(), TransformError> {
        let package = &self.packages[at];
        for (path, fqn) in self.each(at, &package.snapshot_paths, &[".sql"]) {
            let code = self.text(&path)?;
            for block in template::snapshot_file(&path, &code)? {
                let name = format!("{path}#{}", block.name);
                self.builder.template(&name, &package.name, block.template);
                let mut fqn = fqn.clone();
                fqn.push(block.name.clone());
                self.raw.push(Raw {
                    kind: Some(NodeKind::Snapshot),
                    name: block.name,
                    package: at,
                    file: path.clone(),
                    line: block.line,
                    fqn,
                    code: code.clone(),
                    template: name,
                });
            }
        }
        Ok(())
    }

    fn singular_tests(&mut self, at: usize) -> Result<(), TransformError> {
        let package = &self.packages[at];
        for (path, fqn) in self.each(at, &package.test_paths, &[".sql"]) {
            let code = self.text(&path)?;
            let generic = fqn.get(1).is_some_and(|folder| folder == "generic") && fqn.len() > 2;
            if generic || defines_test(&code) {
                self.builder.macro_file(&package.name, &path, &code)?;
                continue;
            }
            self.builder.template(&path, &package.name, template::sql_file(&path, &code));
            self.raw.push(Raw {
                kind: None,
                name: fqn.last().cloned().unwrap_or_default(),
                package: at,
                line: 1,
                template: path.clone(),
                file: path,
                fqn,
                code,
            });
        }
        Ok(())
    }

    fn properties(&mut self, at: usize) -> Result<(), TransformError> {
        let package = &self.packages[at];
        let mut folders: Vec<String> = [
            &package.model_paths,
            &package.seed_paths,
            &package.snapshot_paths,
            &package.macro_paths,
            &package.test_paths,
        ]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
        folders.sort();
        folders.dedup();
        for (path, _) in self.each(at, &folders, &[".md"]) {
            super::docs::read(self.files.text(&path)?.unwrap_or_default(), &mut self.docs);
        }
        for (path, fqn) in self.each(at, &folders, &[".yml", ".yaml"]) {
            let parsed = schema_yml::parse(&path, self.files.text(&path)?.unwrap_or_default())?;
            let groups = [
                (Some(NodeKind::Model), parsed.models),
                (Some(NodeKind::Seed), parsed.seeds),
                (Some(NodeKind::Snapshot), parsed.snapshots),
                (None, parsed.singular_tests),
            ];
            for (kind, patches) in groups {
                for patch in patches {
                    self.yaml_snapshot(at, kind, &patch, &fqn);
                    self.patch(at, kind, patch)?;
                }
            }
            self.sources.extend(parsed.sources.into_iter().map(|source| (at, source)));
            self.exposures.extend(parsed.exposures.into_iter().map(|exposure| (at, exposure)));
        }
        Ok(())
    }

    fn patch(&mut self, at: usize, kind: Option<NodeKind>, patch: Patch) -> Result<(), TransformError> {
        let key = (kind, at, patch.name.clone());
        if let Some(other) = self.patches.get(&key) {
            return Err(TransformError::Property {
                place: patch.place,
                message: format!("`{}` is already described in {}; join the two", patch.name, other.place),
            });
        }
        self.patches.insert(key, patch);
        Ok(())
    }

    /// A snapshot whose query is the whole of a relation: `relation: ref('orders')`.
    fn yaml_snapshot(&mut self, at: usize, kind: Option<NodeKind>, patch: &Patch, fqn: &[String]) {
        let (Some(NodeKind::Snapshot), Some(relation)) = (kind, &patch.relation) else { return };
        let package = &self.packages[at];
        let code = format!("select * from {{{{ {relation} }}}}");
        let name = format!("{}#{}", patch.place.file, patch.name);
        let template = template::Template::verbatim(&patch.place.file, &code);
        self.builder.template(&name, &package.name, template);
        let mut fqn = fqn.to_vec();
        fqn.push(patch.name.clone());
        self.raw.push(Raw {
            kind: Some(NodeKind::Snapshot),
            name: patch.name.clone(),
            package: at,
            file: patch.place.file.clone(),
            line: patch.place.line.unwrap_or(1) as usize,
            fqn,
            code,
            template: name,
        });
    }

    fn unused_patches(&mut self) {
        for ((kind, at, name), patch) in &self.patches {
            let used =
                self.raw.iter().any(|raw| raw.kind == *kind && raw.package == *at && raw.name == *name);
            if !used {
                let what = kind.map_or("singular test", NodeKind::word);
                self.warnings.push(format!("{}: there is no {what} `{name}`; it was left out", patch.place));
            }
        }
    }
}

fn stem(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

fn defines_test(code: &str) -> bool {
    code.split("{%").skip(1).any(|tag| {
        let tag = tag.trim_start_matches(['-', '+']).trim_start();
        tag.starts_with("test ") || tag.starts_with("data_test ")
    })
}

impl Found {
    /// The names that `ref` and `source` may use.
    pub(super) fn names(&self) -> Result<Names, TransformError> {
        let mut names = Names::default();
        let mut places: BTreeMap<(&str, &str), Place> = BTreeMap::new();
        for raw in &self.raw {
            let Some(kind) = raw.kind else { continue };
            let package = &self.packages[raw.package];
            let place = match raw.line {
                0 | 1 => Place::file(raw.file.clone()),
                line => Place::line(raw.file.clone(), line),
            };
            if let Some(first) = places.insert((package, &raw.name), place.clone()) {
                return Err(TransformError::Duplicate {
                    name: raw.name.clone(),
                    first: format!("`{first}`"),
                    second: format!("`{place}`"),
                });
            }
            let id = unique_id(kind, package, &raw.name);
            names.nodes.entry(raw.name.clone()).or_default().push((package.clone(), id));
        }
        for (at, source) in &self.sources {
            let id = format!("source.{}.{}.{}", self.packages[*at], source.source, source.table);
            if names.sources.insert((source.source.clone(), source.table.clone()), id).is_some() {
                return Err(TransformError::Property {
                    place: source.place.clone(),
                    message: format!(
                        "source `{}` already has a table `{}`; remove one of the two",
                        source.source, source.table
                    ),
                });
            }
        }
        Ok(names)
    }

    pub(super) fn patch(&self, raw: &Raw) -> Option<&Patch> {
        self.patches.get(&(raw.kind, raw.package, raw.name.clone()))
    }

    /// Every generic test with what it is declared on: (package, kind or none for a source, name or id, declaration).
    pub(super) fn declared_tests(&self) -> impl Iterator<Item = (usize, NodeKind, &str, &TestDecl)> {
        self.patches
            .iter()
            .filter_map(|((kind, at, name), patch)| Some((*at, (*kind)?, name, patch)))
            .flat_map(|(at, kind, name, patch)| {
                patch.tests.iter().map(move |test| (at, kind, name.as_str(), test))
            })
    }

    pub(super) fn package(&self, at: usize) -> &str {
        &self.packages[at]
    }
}

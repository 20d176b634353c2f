//! The browser's part: WASM and its glue, style, and public files, in one folder that the server serves or embeds.
//!
//! Invariant: everything under `pkg/<build id>/` is named by its content, so browsers may keep it for ever.

use crate::machine::{cargo, root, run, target_dir, wasm_target};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;

/// Style sheets in the order of their layers; the first one declares that order.
const STYLE_ORDER: &str = "style/order.txt";

/// The engine's script, which stands beside its WASM.
const ENGINE: &str = "frontend/engine/engine.js";

/// In `public`, but part of the package.
const SCRIPTS: &str = "boot";

/// Builds the site and returns its folder.
pub fn build() -> Result<PathBuf> {
    wasm_target()?;
    run(cargo().args([
        "build",
        "--package",
        "frontend",
        "--package",
        "engine",
        "--target",
        "wasm32-unknown-unknown",
        "--profile",
        "wasm-release",
    ]))?;
    let target = target_dir()?;
    let built = target.join("wasm32-unknown-unknown/wasm-release");
    let fresh = target.join("site-fresh");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh)?;
    }
    let package = fresh.join("package");
    std::fs::create_dir_all(&package)?;
    bindgen(&built.join("frontend.wasm"), "mirante", &package)?;
    bindgen(&built.join("engine.wasm"), "slices", &package)?;
    std::fs::copy(root().join(ENGINE), package.join("engine.js"))
        .with_context(|| format!("could not copy `{ENGINE}`"))?;
    std::fs::write(package.join("mirante.css"), style()?)?;
    let public = root().join("public");
    // What pages run besides the WASM belongs to a build like it.
    copy_dir(&public.join(SCRIPTS), &package)?;

    let id = content_id(&package)?;
    let site = fresh.join("site");
    std::fs::create_dir_all(site.join("pkg"))?;
    std::fs::rename(&package, site.join("pkg").join(&id))?;
    copy_dir(&public, &site)?;
    std::fs::remove_dir_all(site.join(SCRIPTS))?;
    std::fs::write(site.join("build-id"), &id)?;
    compress_dir(&site)?;

    let finished = target.join("site");
    if finished.exists() {
        std::fs::remove_dir_all(&finished)?;
    }
    std::fs::rename(&site, &finished)?;
    Ok(finished)
}

fn bindgen(wasm: &Path, name: &str, into: &Path) -> Result<()> {
    Bindgen::new()
        .input_path(wasm)
        .out_name(name)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(into)
        .context("wasm-bindgen failed; its version in Cargo.lock must be the one of `wasm-bindgen`")
}

/// One style sheet from those that `style/order.txt` lists, without comments.
fn style() -> Result<String> {
    let root = root();
    let order = std::fs::read_to_string(root.join(STYLE_ORDER))
        .with_context(|| format!("could not read `{STYLE_ORDER}`"))?;
    let mut style = String::new();
    for name in order.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let path = root.join("style").join(name);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("`{STYLE_ORDER}` names `{name}`, which cannot be read"))?;
        style.push_str(&without_comments(&text));
    }
    Ok(style)
}

/// Drops comments and indentation; strings keep theirs.
fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find(['/', '"', '\'']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(comment) = from.strip_prefix("/*") {
            rest = comment.find("*/").map_or("", |end| &comment[end + 2..]);
        } else if from.starts_with('/') {
            out.push('/');
            rest = &from[1..];
        } else {
            let end = from[1..].find(&from[..1]).map_or(from.len(), |end| end + 2);
            out.push_str(&from[..end]);
            rest = &from[end..];
        }
    }
    out.push_str(rest);
    let mut lines: Vec<&str> = out.lines().map(str::trim).collect();
    lines.retain(|line| !line.is_empty());
    lines.join("\n") + "\n"
}

/// Twelve hexadecimal digits of the content of all files.
fn content_id(dir: &Path) -> Result<String> {
    let mut digest = Sha256::new();
    for path in files(dir)? {
        digest.update(path.strip_prefix(dir)?.as_os_str().as_encoded_bytes());
        digest.update(std::fs::read(&path)?);
    }
    Ok(digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in
            std::fs::read_dir(&folder).with_context(|| format!("could not read `{}`", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    for path in files(from)? {
        let target = to.join(path.strip_prefix(from)?);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::copy(&path, target)?;
    }
    Ok(())
}

/// Writes `.br` and `.gz` beside every text and WASM file, so that the server never compresses an asset.
fn compress_dir(dir: &Path) -> Result<()> {
    for path in files(dir)? {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !["wasm", "js", "css", "svg", "webmanifest", "txt", "html"].contains(&extension) {
            continue;
        }
        let content = std::fs::read(&path)?;
        let mut brotli = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 22);
        brotli.write_all(&content)?;
        std::fs::write(format!("{}.br", path.display()), brotli.into_inner())?;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&content)?;
        std::fs::write(format!("{}.gz", path.display()), gzip.finish()?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_loses_comments_and_keeps_strings() {
        let css = "/* a */ a { content: \"/* b */\"; }\n\n  b { width: calc(1px / 2) } /* c\n d */\n";
        assert_eq!(without_comments(css), "a { content: \"/* b */\"; }\nb { width: calc(1px / 2) }\n");
    }
}

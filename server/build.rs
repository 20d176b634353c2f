//! Tells the compiler where the browser's files lie: `MIRANTE_SITE`, or an empty folder so that the server can be checked and
//! tested without them.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-env-changed=MIRANTE_SITE");
    let site = std::env::var_os("MIRANTE_SITE").map_or_else(
        || {
            let empty = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("no-site");
            if let Err(error) = std::fs::create_dir_all(&empty) {
                println!("cargo:warning=could not create `{}`: {error}", empty.display());
            }
            empty
        },
        PathBuf::from,
    );
    println!("cargo:rerun-if-changed={}", site.display());
    println!("cargo:rustc-env=MIRANTE_SITE_DIR={}", site.display());
}

//! Whether the documents still speak of the house as it is.

use tidy::{root, workspace};

#[test]
fn architecture_names_every_room() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md exists");
    for (room, folder) in workspace().folders {
        assert!(
            text.contains(&format!("`{folder}`")),
            "ARCHITECTURE.md does not mention `{folder}` ({room})"
        );
    }
}

#[test]
fn decisions_are_numbered_without_gaps() {
    let mut names: Vec<String> = std::fs::read_dir(root().join("docs/decisions"))
        .expect("docs/decisions exists")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    for (index, name) in names.iter().enumerate() {
        let number = format!("{:03}-", index + 1);
        assert!(name.starts_with(&number), "`docs/decisions/{name}` should be number {number}");
    }
}

//! Which files make which stream, and the door that all sources share.

use connect::{ReadRequest, Source, StreamState, Surroundings};
use futures::StreamExt;
use serde_json::json;

use crate::folder::Folder;

#[test]
fn files_and_folders_make_streams_and_the_rest_is_told() {
    let folder = Folder::new();
    folder.write("vendas_2026-01.csv", "a\n1\n");
    folder.write("vendas_2026-02.csv.gz", b"");
    folder.write("deals/2025.csv", "a\n1\n");
    folder.write("deals/sub/2026.csv", "a\n1\n");
    folder.write("leia-me.pdf", "x");
    folder.write(".escondido.csv", "a\n1\n");
    folder.write("~$aberto.xlsx", "x");
    let source = folder.source();
    assert_eq!(source.streams_now().unwrap(), ["deals", "deals_sub", "vendas"]);
    let found = source.discover_now().unwrap();
    assert_eq!(found.ignored.len(), 1);
    assert_eq!(found.ignored[0].path, "leia-me.pdf");
}

#[test]
fn one_file_may_stand_for_a_folder() {
    let folder = Folder::with("vendas_2026.csv", "a\n1\n");
    folder.write("outra.csv", "a\n1\n");
    let settings = json!({"dir": folder.path("vendas_2026.csv")});
    let source = connect::FilesSource::from_settings("loja", &settings).unwrap();
    assert_eq!(source.streams_now().unwrap(), ["vendas"]);
    assert_eq!(source.discover_now().unwrap().streams[0].files[0].path, "vendas_2026.csv");
    assert_eq!(
        connect::FilesSource::from_settings("loja", &source.settings()).unwrap().settings(),
        source.settings()
    );
}

#[test]
fn patterns_override_names() {
    let folder = Folder::new();
    folder.write("x1.csv", "a\n1\n");
    folder.write("x2.csv", "a\n2\n");
    folder.write("y.csv", "a\n3\n");
    let options = json!({"streams": {"todos": {"files": "x*.csv"}}, "ignore": ["y*"]});
    assert_eq!(folder.source_with(options.clone()).streams_now().unwrap(), ["todos"]);
    assert_eq!(folder.read_with("todos", options).rows, ["1", "2"]);
}

#[test]
fn unknown_streams_and_folders_are_named() {
    let folder = Folder::with("a.csv", "x\n1\n");
    let request =
        ReadRequest { stream: "b".to_owned(), known: None, since: StreamState::default(), keys: None };
    let message = folder.source().read_now(&request).unwrap_err().to_string();
    assert_eq!(message, "source `loja` has no stream `b`; it has: a");
    let settings = json!({"dir": "/nowhere/at/all"});
    let message = connect::open("files", "loja", &settings, &Surroundings::default())
        .map(|_| ())
        .and(connect::FilesSource::from_settings("loja", &settings).unwrap().streams_now().map(|_| ()));
    assert!(message.unwrap_err().to_string().contains("`/nowhere/at/all`"));
    let message = connect::open("ftp", "loja", &settings, &Surroundings::default())
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(message.contains("use one of: files"));
    assert!(connect::open("files", "Minha Loja", &settings, &Surroundings::default()).is_err());
}

#[test]
fn the_shared_door_gives_the_same_rows() {
    let folder = Folder::with("a.csv", "id;nome\n1;Ana\n2;Rui\nx\n");
    let source: std::sync::Arc<dyn Source> = std::sync::Arc::new(folder.source());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert_eq!(source.streams().await.unwrap(), ["a"]);
        assert_eq!(source.discover().await.unwrap().streams[0].files[0].rows, 2);
        let request =
            ReadRequest { stream: "a".to_owned(), known: None, since: StreamState::default(), keys: None };
        let mut reading = source.read(request).await.unwrap();
        let mut piece = reading.pieces.next().await.unwrap().unwrap();
        let mut rows = 0;
        while let Some(batch) = piece.batches.next().await {
            rows += batch.unwrap().num_rows();
        }
        assert_eq!((rows, piece.rejects.count()), (2, 1));
    });
}

//! Boards: which there are, and one of them as its author wrote it.
//!
//! Invariant: opening a board asks for no figure.

use super::{Called, Json};
use contract::boards::{Board, BoardCard};
use leptos::server;

#[server(name = ListBoards, prefix = "/_fn", endpoint = "boards/list", input = Json, output = Json)]
pub async fn list() -> Called<Vec<BoardCard>> {
    let (principal, boards) = super::answerer::<dyn contract::boards::Boards>()?;
    Ok(boards.list(&principal).await?)
}

#[server(name = OpenBoard, prefix = "/_fn", endpoint = "boards/open", input = Json, output = Json)]
pub async fn open(id: String) -> Called<Board> {
    let (principal, boards) = super::answerer::<dyn contract::boards::Boards>()?;
    Ok(boards.open(&principal, &id).await?)
}

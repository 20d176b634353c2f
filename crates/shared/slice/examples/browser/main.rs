//! The board of the example `measure` as a WASM module, for `run.mjs` beside it to time.
//!
//! Measures nothing: a module has no clock. Invariant: its checksum is the one that native code has.

#[path = "../measure/board.rs"]
mod board;
#[path = "../measure/events.rs"]
mod events;

use board::{Board, STEPS};
use events::Shape;
use slice::{Built, Slice};
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static BUILT: RefCell<Option<Built>> = const { RefCell::new(None) };
    static SLICE: RefCell<Option<Slice>> = const { RefCell::new(None) };
    static BOARD: RefCell<Option<Board>> = const { RefCell::new(None) };
}

/// Makes the bytes of a slice with so many rows.
#[wasm_bindgen]
pub fn build(rows: u32, uneven: bool) {
    let shape = if uneven { Shape::Uneven } else { Shape::Even };
    BUILT.set(Some(events::build(rows as usize, shape, false)));
}

/// Opens the slice, with or without a check of its hashes.
#[wasm_bindgen]
pub fn open(check: bool) {
    let open = |built: &Built| {
        let blob = |id: &slice::Id| built.blobs.get(id).map(Vec::as_slice);
        let manifest = built.manifest.clone();
        if check { Slice::open(manifest, blob) } else { Slice::open_checked(manifest, blob) }
            .expect("what was built opens")
    };
    SLICE.set(BUILT.with_borrow(|built| built.as_ref().map(open)));
}

/// Adds the tiles.
#[wasm_bindgen]
pub fn add() {
    BOARD.set(SLICE.take().map(Board::new));
}

/// Takes a step of the trace and reads all tiles; gives a checksum of what they show.
#[wasm_bindgen]
pub fn step(step: u32) -> u64 {
    BOARD.with_borrow_mut(|board| board.as_mut().map_or(0, |board| board.step(step as usize % STEPS)))
}

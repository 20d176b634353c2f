//! The engine in the browser: slices come in, questions are answered.
//!
//! Fetches nothing and draws nothing: `engine.js` beside it does the first, the page the second. Invariant: an answer is, to the last bit, what the
//! server would answer from the same edition; a question that is not known here for certain has none.

use contract::slices::Sliced;
use kpi::{Calendar, Frame, MetricQuery};
use plan::sliced::Slices;
use plan::{Clock, Definitions};
use slice::{Id, Manifest, Slice};
use std::collections::{BTreeMap, BTreeSet};
use wasm_bindgen::prelude::*;

/// What is known of one edition.
#[wasm_bindgen]
pub struct Engine {
    edition: u64,
    definitions: Definitions,
    clock: Clock,
    slices: Slices,
}

#[wasm_bindgen]
impl Engine {
    /// An engine without slices, from what the server tells of an edition's, as JSON.
    ///
    /// # Errors
    /// What is wrong with the text.
    #[wasm_bindgen(constructor)]
    pub fn new(sliced: &str) -> Result<Engine, JsError> {
        let sliced: Sliced = serde_json::from_str(sliced)?;
        let calendar = Calendar::from_days_off(sliced.days_off);
        Ok(Engine {
            edition: sliced.edition,
            definitions: sliced.definitions,
            clock: Clock { covered: sliced.covered, calendar },
            slices: Slices::default(),
        })
    }

    /// The number of the edition that it answers from.
    #[wasm_bindgen(getter)]
    pub fn edition(&self) -> f64 {
        self.edition as f64
    }

    /// The facts that some queries count, by their numbers. `queries` is a JSON list of `MetricQuery`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn facts(&self, queries: &str) -> Result<Vec<u32>, JsError> {
        let queries: Vec<MetricQuery> = serde_json::from_str(queries)?;
        let facts: BTreeSet<usize> = queries
            .iter()
            .flat_map(|query| &query.metrics)
            .filter_map(|metric| self.definitions.metrics.get(metric))
            .flat_map(|metric| metric.formula.measures())
            .map(|measure| measure.fact)
            .collect();
        Ok(facts.into_iter().map(|fact| fact as u32).collect())
    }

    /// Adds the slice of a fact.
    ///
    /// # Errors
    /// What is missing or damaged.
    pub fn put(&mut self, fact: u32, arrived: Arriving) -> Result<(), JsError> {
        let Arriving { manifest, parts } = arrived;
        self.slices.put(fact as usize, Slice::open(manifest, |id| parts.get(id).map(Vec::as_slice))?);
        Ok(())
    }

    /// The answers to a JSON list of `MetricQuery`, in order: a JSON list of frames, and null for what is to be asked elsewhere.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn ask(&mut self, queries: &str) -> Result<String, JsError> {
        let queries: Vec<MetricQuery> = serde_json::from_str(queries)?;
        let answers = self.slices.ask(&self.definitions, &queries, &self.clock, self.edition);
        let frames: Vec<Option<Frame>> = answers.into_iter().map(Result::ok).collect();
        Ok(serde_json::to_string(&frames)?)
    }
}

/// A slice whose parts are on their way.
#[wasm_bindgen]
pub struct Arriving {
    manifest: Manifest,
    parts: BTreeMap<Id, Vec<u8>>,
}

#[wasm_bindgen]
impl Arriving {
    /// From a manifest as JSON.
    ///
    /// # Errors
    /// What is wrong with the text.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &str) -> Result<Arriving, JsError> {
        Ok(Arriving { manifest: serde_json::from_str(manifest)?, parts: BTreeMap::new() })
    }

    /// The names of its parts.
    pub fn needed(&self) -> Vec<String> {
        self.manifest.needed().map(|id| id.to_string()).collect()
    }

    /// Adds a part.
    ///
    /// # Errors
    /// When the name is none.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), JsError> {
        self.parts.insert(name.parse().map_err(JsError::new)?, bytes);
        Ok(())
    }
}

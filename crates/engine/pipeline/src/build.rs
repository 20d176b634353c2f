//! The second stage of a run: the packs' models become tables.
//!
//! Invariant: what the last edition names is never changed; new versions stand beside it until they are published.

use crate::{Event, PipelineError, Progress};
use lake::{Lake, Relations};
use transform::{NodeResult, Project, RunContext, Status};

/// Base plus everything that was built.
#[derive(Debug)]
pub struct Made {
    pub relations: Relations,
}

/// Builds every model, seed and snapshot on `base`.
///
/// # Errors
/// `Model` for the first node that failed, with its file, line and column; nothing is published then.
pub async fn build_all(
    lake: &Lake,
    project: &Project,
    base: Relations,
    full_refresh: bool,
    progress: &Progress,
) -> Result<Made, PipelineError> {
    let selection = project
        .select("", "")
        .map_err(|source| PipelineError::Pack { pack: project.name.clone(), source: Box::new(source) })?;
    let mut context = RunContext::new(chrono::Utc::now(), uuid::Uuid::now_v7().to_string());
    context.full_refresh = full_refresh;
    let told = progress.clone();
    let tell = move |event: transform::Progress| {
        if let transform::Progress::Finished { result, done, total } = event {
            told(Event::Built { node: result.name, done, total });
        }
    };
    let mut built = transform::build(project, lake, base, &selection, &context, tell).await;
    if let Some(failed) = first_failure(&built.results) {
        return Err(PipelineError::Model {
            node: failed.name.clone(),
            message: failed
                .error
                .as_ref()
                .map(|error| crate::whole(error.as_ref()))
                .or_else(|| failed.message.clone())
                .unwrap_or_else(|| "it did not run".to_owned()),
        });
    }
    forget_removed(project, &mut built.relations);
    Ok(Made { relations: built.relations })
}

/// What a pack no longer makes does not belong to the next edition.
fn forget_removed(project: &Project, relations: &mut Relations) {
    relations.retain(|name, _| name.schema == crate::RAW || project.node_of(name).is_some());
}

fn first_failure(results: &[NodeResult]) -> Option<&NodeResult> {
    let failed = |status| results.iter().find(move |result| result.status == status);
    // A skipped node only tells of the one that failed before it.
    failed(Status::Error).or_else(|| failed(Status::Cancelled)).or_else(|| failed(Status::Skipped))
}

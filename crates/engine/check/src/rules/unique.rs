//! `unique`: every value that occurs more than once is one failure, however often it occurs; nulls do not count.

use super::Target;
use crate::CheckError;

pub(super) fn sql(target: &Target<'_>) -> Result<String, CheckError> {
    let (column, relation) = (target.column()?, &target.relation);
    Ok(format!(
        "select {column} as unique_field, count(*) as n_records\nfrom {relation}\n\
         where {column} is not null\ngroup by {column}\nhaving count(*) > 1"
    ))
}

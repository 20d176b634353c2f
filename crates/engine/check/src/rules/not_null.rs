//! `not_null`: every row without a value is a failure.

use super::Target;
use crate::CheckError;

pub(super) fn sql(target: &Target<'_>) -> Result<String, CheckError> {
    let (column, relation) = (target.column()?, &target.relation);
    // The column alone would show nothing but nulls.
    let shown = if target.whole_rows { "*" } else { column };
    Ok(format!("select {shown}\nfrom {relation}\nwhere {column} is null"))
}
